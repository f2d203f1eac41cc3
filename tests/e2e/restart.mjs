// What was there before a graceful restart is there after it, byte for byte.
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

test('records, versions and pins are the same after a restart', async (t) => {
    const host = await startTopology(t, chosenTopology);
    const api = new Api(host);
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

    assert.equal(await host.damage(), '');
    await host.run();
    assert.deepEqual(await api.all(), before);
    const third = await api.create({url: 'https://twitch.tv/third'});
    assert.ok(third.id > second.id, 'ids are not used again');
    await host.stop();
});

test('without a key in the environment one is made, kept privately, and stays the same', async (t) => {
    const host = await startTopology(t, chosenTopology, {env: {STREAMWALL_API_KEY: ''}});
    const file = path.join(host.dataDir, 'api-key');
    const keys = [];
    for (let start = 0; start < 2; start += 1) {
        if (start > 0) await host.run();
        assert.equal(statSync(file).mode & 0o777, 0o600);
        const key = readFileSync(file, 'utf8').trim();
        for (const {url} of host.listeners()) {
            const answer = await fetch(`${url}/api/v1/streams`, {
                headers: {Authorization: `Bearer ${key}`},
            });
            assert.equal(answer.status, 200);
        }
        assert.ok(
            !host.lines.some((line) => line.includes(key)),
            'the key itself is not logged',
        );
        keys.push(key);
        await host.stop();
    }
    assert.equal(keys[0], keys[1]);
    assert.ok(keys[0].length >= 32);
});
