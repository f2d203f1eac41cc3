// Operators' controls on a running host, over REST and the command line.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {promisify} from 'node:util';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {binary, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {seconds, until} from './lib/wait.mjs';

const run = promisify(execFile);
const dataDir = scratchFolder({after});
const config = path.join(dataDir, 'wall.yaml');
const original = readFileSync(new URL('../../config/monolith.yaml', import.meta.url), 'utf8');
writeFileSync(config, original);

const host = await Host.start({after}, {dataDir, config});
const api = new Api(host);

// The command line against this host: {code, stdout, stderr}.
async function streamwall(...words) {
    try {
        return {code: 0, ...(await run(binary, [...words, '--data', dataDir]))};
    } catch (failed) {
        return failed;
    }
}

async function stateOf(plugin) {
    const {plugins} = await api.expect(200, 'GET', '/nodes/main/plugins');
    return plugins.find(({name}) => name === plugin).state;
}

const order = (status, plugin, verb, body) =>
    api.expect(status, 'POST', `/nodes/main/plugins/${plugin}/${verb}`, body);

test('a changed file is planned, carried out and refused as a whole', async () => {
    const changed = original.replace('  discovery:\n', '  discovery:\n    seen_capacity: 777\n');
    assert.notEqual(changed, original);
    writeFileSync(config, changed);
    const plan = JSON.parse((await streamwall('plan', '--output', 'json')).stdout);
    const step = (name) => plan.instances.find(({instance}) => instance === name);
    assert.equal(step('discovery').action, 'restart');
    assert.deepEqual(step('discovery').changed, ['seen_capacity']);
    assert.equal(step('catalog').action, 'unchanged');
    const done = JSON.parse((await streamwall('reload', '--output', 'json')).stdout);
    assert.deepEqual(
        done.changes.map(({instance, action}) => [instance, action]),
        [['discovery', 'restart']],
    );

    writeFileSync(config, changed.replace('seen_capacity: 777', 'seen_capacty: 1\n    bogus: 2'));
    const refused = await streamwall('reload');
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /seen_capacty.*did you mean 'seen_capacity'/);
    assert.match(refused.stderr, /bogus/);
    assert.equal(await stateOf('discovery'), 'running');
    writeFileSync(config, changed);
    assert.match((await streamwall('reload')).stdout, /nothing has changed/);
});

test('admins see changes of plugins live', async (t) => {
    const admin = await Subscriber.connect(t, host.cable, {channel: 'NodesChannel'});
    const {nodes} = await admin.message('snapshot', ({action}) => action === 'snapshot');
    assert.equal(nodes[0].node, 'main');
    assert.ok(nodes[0].plugins.some(({name}) => name === 'discovery'));
    await order(200, 'discovery', 'disable');
    const gone = await admin.message(
        'disabled',
        ({action, plugin}) => action === 'changed' && plugin.state === 'disabled',
    );
    assert.equal(gone.plugin.plugin, 'discovery');
    assert.equal(gone.plugin.node, 'main');
    await order(200, 'discovery', 'enable');
});

test('admins see feature flags, and see them change', async (t) => {
    const admin = await Subscriber.connect(t, host.cable, {channel: 'NodesChannel'});
    const {features} = await admin.message('flags', ({action}) => action === 'features');
    const flag = features.find(({key}) => key === 'stream_export');
    assert.equal(typeof flag?.enabled, 'boolean', JSON.stringify(features));
    const change = flag.enabled ? 'disable' : 'enable';
    await api.expect(200, 'POST', `/features/stream_export/${change}`);
    const {feature} = await admin.message(
        'the change',
        ({action, feature: one}) => action === 'feature_changed' && one.key === 'stream_export',
    );
    assert.equal(feature.enabled, !flag.enabled);
});

test('mistakes come back as problems', async () => {
    const nobody = await api.request('POST', '/nodes/main/plugins/discovry/disable');
    assert.equal(nobody.status, 404);
    assert.match(nobody.body.detail, /did you mean 'discovery'/);
    assert.equal((await api.request('GET', '/nodes/mian/plugins')).status, 404);
    const wrong = await api.request('POST', '/nodes/main/plugins/discovery/reconfigure', {
        settings: {seen_capacity: 'many'},
    });
    assert.equal(wrong.status, 422);
    assert.equal(wrong.body.errors[0].field, 'seen_capacity');
    const open = await fetch(`${host.url}/api/v1/nodes`);
    assert.equal(open.status, 401);
});

test('the interface answers before it restarts itself', async () => {
    const accepted = await order(202, 'rest-api', 'restart');
    assert.equal(accepted.accepted, true);
    await until(
        'the interface again',
        async () => {
            try {
                const {status, body} = await api.request('GET', '/nodes/main/plugins');
                const self = body.plugins?.find(({name}) => name === 'rest-api');
                return status === 200 && self?.restarts > 0;
            } catch {
                return false;
            }
        },
        seconds(20),
    );
});

test('event schemas are listed and given by type and version', async () => {
    const {schemas} = await api.expect(200, 'GET', '/schemas');
    for (const type of ['stream.created', 'plugin.state_changed', 'chat.message_posted'])
        assert.ok(schemas.some((one) => one.type === type && one.version === '1.0'), type);
    const schema = await api.expect(200, 'GET', '/schemas/stream.created/1.0');
    assert.equal(schema.$id, 'stream.created/1.0');
    assert.equal((await api.request('GET', '/schemas/stream.created/9.0')).status, 404);
});

test('graph, top and nodes describe the host', async () => {
    assert.match((await streamwall('graph')).stdout, /"catalog" -> "catalog.streams"/);
    await api.create({url: 'https://twitch.tv/counted'});
    const top = JSON.parse((await streamwall('top', '--once', '--output', 'json')).stdout);
    assert.ok(top.threads > 0 && top.rss_kib > 0);
    assert.ok(top.plugins.some(({name, calls}) => name === 'catalog' && calls > 0));
    assert.match((await streamwall('nodes')).stdout, /main +ready/);
});
