// What was there before a graceful restart is there after it, byte for byte.
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {databaseIn, integrity, query} from './lib/sqlite.mjs';

test('records, versions and pins are the same after a restart', async (t) => {
    const dataDir = scratchFolder(t);
    let host = await Host.start(t, {dataDir});
    let api = new Api(host);
    const first = await api.create({
        url: 'https://twitch.tv/first',
        title: 'Größe 🎥 "quoted"',
        labels: ['a', 'b'],
    });
    const second = await api.create({
        url: 'https://kick.com/second',
        city: 'Portland',
        state: 'OR',
    });
    await api.expect(200, 'PUT', `/streams/${second.id}/pin`);
    await api.expect(200, 'PATCH', `/streams/${first.id}`, {status: 'live'});
    const before = await api.all();
    await host.stop();

    const file = databaseIn(dataDir);
    assert.equal(await integrity(file), 'ok');
    assert.deepEqual(await query(file, 'PRAGMA journal_mode'), [{journal_mode: 'wal'}]);

    host = await Host.start(t, {dataDir});
    api = new Api(host);
    assert.deepEqual(await api.all(), before);
    const third = await api.create({url: 'https://twitch.tv/third'});
    assert.ok(third.id > second.id, 'ids are not used again');
    await host.stop();
});

test('without a key in the environment one is made, kept privately, and stays the same', async (t) => {
    const dataDir = scratchFolder(t);
    const file = path.join(dataDir, 'api-key');
    const keys = [];
    for (let start = 0; start < 2; start += 1) {
        const host = await Host.start(t, {dataDir, env: {STREAMWALL_API_KEY: ''}});
        assert.equal(statSync(file).mode & 0o777, 0o600);
        const key = readFileSync(file, 'utf8').trim();
        const answer = await fetch(`${host.url}/api/v1/streams`, {
            headers: {Authorization: `Bearer ${key}`},
        });
        assert.equal(answer.status, 200);
        assert.ok(
            !host.child.lines.some((line) => line.includes(key)),
            'the key itself is not logged',
        );
        keys.push(key);
        await host.stop();
    }
    assert.equal(keys[0], keys[1]);
    assert.ok(keys[0].length >= 32);
});
