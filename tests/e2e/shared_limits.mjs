// Two hosts that share their rate limits through a real Redis, which goes away and comes back.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {apiKey, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {RedisServer} from './lib/servers.mjs';
import {seconds, until} from './lib/wait.mjs';

const limit = 300; // a minute, for the key

const config = `
nodes:
  main:
    plugins: [cache-redis, storage-sqlite, catalog, http-server, rest-api]
plugins:
  cache-redis: {url: "\${REDIS_URL}"}
  http-server:
    listen: "\${STREAMWALL_LISTEN}"
    api_key: "\${STREAMWALL_API_KEY}"
    rate_limits: 60/600/${limit}
    shared_limits: true
`;

async function startTwo(t) {
    const redis = await RedisServer.start(t);
    const file = path.join(scratchFolder(t), 'shared.yaml');
    writeFileSync(file, config);
    const options = {config: file, env: {REDIS_URL: redis.url}};
    const hosts = [await Host.start(t, options), await Host.start(t, options)];
    for (const host of hosts) await says(host, 'shared');
    return {redis, hosts};
}

// What a host said last of its limits: that they are shared, or that it is alone.
const lastWord = (host) => host.child.lines.join('\n').match(/.*"http\.limits_(\w+)"/s)?.[1];
const says = (host, word) => until(`limits ${word}`, () => lastWord(host) === word, seconds(10));

// How many of `count` requests pass, sent by four clients at a time.
async function passed(host, count) {
    let sum = 0;
    let sent = 0;
    const headers = {Authorization: `Bearer ${apiKey}`};
    await Promise.all(
        Array.from({length: 4}, async () => {
            while (sent < count) {
                sent += 1;
                const answer = await fetch(`${host.url}/api/v1/streams`, {headers});
                await answer.arrayBuffer();
                if (answer.status === 200) sum += 1;
                else assert.equal(answer.status, 429);
            }
        }),
    );
    return sum;
}

test('two hosts let pass what one may, within five percent', async (t) => {
    const {hosts} = await startTwo(t);
    const sums = await Promise.all(hosts.map((host) => passed(host, 2 * limit)));
    const sum = sums[0] + sums[1];
    assert.ok(sum >= limit && sum <= 1.05 * limit, `${sums} of ${limit} passed`);
    const refused = await fetch(`${hosts[1].url}/api/v1/streams`, {
        headers: {Authorization: `Bearer ${apiKey}`},
    });
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
});

test('without Redis each host limits by itself and says so; with it they share again', async (t) => {
    const {redis, hosts} = await startTwo(t);
    await redis.kill();
    for (const host of hosts) await says(host, 'alone');
    for (const host of hosts) assert.equal(await passed(host, limit + 50), limit);
    await redis.run();
    const [one] = hosts;
    await says(one, 'shared');
    assert.equal(await passed(one, 20), 0, 'what passed meanwhile still counts');
});
