// The life of a service key: its age is seen, it is flagged when it is due and overdue, then refused;
// and rotated in time it never stops working.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {curl} from './lib/curl.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

// Days as seconds: 90 days of life are 12 s.
const shipped = readFileSync(new URL(`../../config/${chosenTopology}.yaml`, import.meta.url), 'utf8');
const config = path.join(scratchFolder({after}), `${chosenTopology}.yaml`);
const times = `    key_lifetime: 12s
    key_warning: 8s
    key_grace: 10s
    key_overlap: 6s
`;
writeFileSync(config, shipped.replace(/(?<= {2}accounts:\n)/, times));
const host = await startTopology({after}, chosenTopology, {config});
const api = (route) => `${host.url}/api/v1${route}`;
const status = async (key) => (await curl(api('/streams'), {key})).status;
const shown = async (id) => (await curl(api(`/api_keys/${id}`))).json;
const make = async (name) => {
    const body = {name, scopes: ['streams:read']};
    const made = await curl(api('/api_keys'), {method: 'POST', body});
    assert.equal(made.status, 201, made.text);
    return made.json;
};
const metric = async (name) => {
    const {text} = await curl(`${host.url}/metrics`, {key: null});
    return Number(text.match(new RegExp(`accounts_${name}[^\\n]* (\\d+)\\n`))?.[1]);
};
await until('keys to be reached', async () => (await curl(api('/api_keys'))).status === 200, seconds(20));

test('a key that nobody rotates is flagged, then overdue, then refused', async () => {
    const {id, key, state, age_days, created_at, expires_at} = await make('left alone');
    assert.deepEqual([state, age_days], ['active', 0]);
    assert.equal(new Date(expires_at) - new Date(created_at) >= 12_000 - 1000, true);
    assert.equal(await status(key), 200);
    await until('it to be due', async () => (await shown(id)).state === 'due', seconds(10));
    if (chosenTopology === 'monolith') {
        await until('the metric', async () => (await metric('keys_ending')) === 1, seconds(5));
    }
    await until('it to be overdue', async () => (await shown(id)).state === 'overdue', seconds(12));
    assert.equal(await status(key), 200, 'overdue, and taken as the policy says');
    await until('its end', async () => (await status(key)) === 401, seconds(15));
    assert.equal((await shown(id)).state, 'ended');
    const entries = await until('the entries in the audit', async () => {
        const {json} = await curl(api(`/audit?resource=api_key&resource_id=${id}`));
        return json.audit.length === 4 && json.audit.reverse();
    });
    assert.deepEqual(
        entries.map(({action, after: told}) => [action, told.state]),
        [
            ['api_key.created', undefined],
            ['api_key.flagged', 'due'],
            ['api_key.flagged', 'overdue'],
            ['api_key.flagged', 'ended'],
        ],
    );
    const flagged = host.lines.filter((line) => line.includes('accounts.key_flagged'));
    assert.equal(flagged.length, 3, 'each told once');
    for (const line of flagged) assert.ok(!line.includes(key), 'and no secret');
});

test('a key that is rotated when it is due works all the time', async () => {
    const {id, key} = await make('kept');
    await until('it to be due', async () => (await shown(id)).state === 'due', seconds(10));
    const rotated = await curl(api(`/api_keys/${id}/rotate`), {method: 'POST'});
    assert.equal(rotated.status, 200, rotated.text);
    assert.equal(rotated.json.state, 'active');
    assert.ok(rotated.json.rotated_at > rotated.json.created_at);
    assert.deepEqual([await status(key), await status(rotated.json.key)], [200, 200], 'both');
    await until('the end of the overlap', async () => (await status(key)) === 401, seconds(12));
    assert.equal(await status(rotated.json.key), 200);
});
