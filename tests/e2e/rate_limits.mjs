// Limits as they are configured, small ones: who passes how often, and what the next one is told.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import WebSocket from 'ws';
import {curl} from './lib/curl.mjs';
import {apiKey, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';

const [address, user, key] = [3, 5, 7]; // a minute
const upgrades = 4;

const config = `
nodes:
  main:
    plugins: [storage-sqlite, catalog, accounts, http-server, rest-api, websocket-hub]
plugins:
  accounts: {login_limit: "off"}
  http-server:
    listen: "\${STREAMWALL_LISTEN}"
    api_key: "\${STREAMWALL_API_KEY}"
    authenticator: accounts.tokens
    rate_limits: "\${STREAMWALL_RATE_LIMITS}"
    upgrade_limit: ${upgrades}
    trusted_proxies: [127.0.0.1]
`;

function start(t) {
    const file = path.join(scratchFolder(t), 'limits.yaml');
    writeFileSync(file, config);
    const env = {STREAMWALL_RATE_LIMITS: `${address}/${user}/${key}`};
    return Host.start(t, {config: file, env});
}

const now = () => Math.floor(Date.now() / 1000);
// Not the address by which the start of the host was waited for.
const headers = {'X-Forwarded-For': '198.51.100.1'};
const streams = (host, token) => curl(`${host.url}/api/v1/streams`, {key: token, headers});

// The next `limit` requests pass with `status`, and say how many are left.
async function passes(host, token, limit, status = 200) {
    for (let left = limit - 1; left >= 0; left -= 1) {
        const answer = await streams(host, token);
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.headers['x-ratelimit-remaining'], `${left}`);
        assertHeaders(answer, limit);
    }
}
function assertHeaders({headers: got}, limit) {
    assert.equal(got['x-ratelimit-limit'], `${limit}`);
    const reset = Number(got['x-ratelimit-reset']);
    assert.ok(reset >= now() - 1 && reset <= now() + 63, got['x-ratelimit-reset']);
}
async function isRefused(host, token, limit) {
    const answer = await streams(host, token);
    assert.equal(answer.status, 429, answer.text);
    assert.equal(answer.json.code, 'rate_limited');
    assert.equal(answer.headers['x-ratelimit-remaining'], '0');
    assertHeaders(answer, limit);
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 62, answer.headers['retry-after']);
}

test('an address without credentials, or with bad ones, passes as often as it may', async (t) => {
    const host = await start(t);
    await passes(host, null, address, 401);
    await isRefused(host, null, address);
    await isRefused(host, 'not a key', address);
    assert.equal((await streams(host, apiKey)).status, 200, 'credentials have a window of their own');
    const health = await curl(`${host.url}/health`, {key: null});
    assert.equal(health.status, 200);
    assert.equal(health.headers['x-ratelimit-limit'], undefined, 'not counted');
});

test('bad credentials count for the address', async (t) => {
    const host = await start(t);
    for (let n = 0; n < address; n += 1) assert.equal((await streams(host, `bad${n}`)).status, 401);
    await isRefused(host, null, address);
});

test('a user has one window for all of their tokens', async (t) => {
    const host = await start(t);
    const tokenOf = async (name, route = 'signup') => {
        const body = {email: `${name}@example.org`, password: 'Password123'};
        const sent = {method: 'POST', body, key: null, headers};
        const answer = await curl(`${host.url}/api/v1/users/${route}`, sent);
        assert.ok(answer.status < 300, answer.text);
        return answer.json.token;
    };
    const [ada, bob] = [await tokenOf('ada'), await tokenOf('bob')];
    await passes(host, ada, user);
    await isRefused(host, ada, user);
    const again = await tokenOf('ada', 'login');
    assert.notEqual(again, ada);
    await isRefused(host, again, user);
    await passes(host, bob, user);
});

test('a full key leaves another alone', async (t) => {
    const host = await start(t);
    const made = await Promise.all(
        ['one', 'other'].map(async (name) => {
            const body = {name, scopes: ['streams:read']};
            const answer = await curl(`${host.url}/api/v1/api_keys`, {method: 'POST', body});
            assert.equal(answer.status, 201, answer.text);
            return answer.json.key;
        }),
    );
    await passes(host, made[0], key);
    await isRefused(host, made[0], key);
    await passes(host, made[1], key);
});

// The status of the answer to a handshake; what is opened stays open.
const handshake = (t, host) =>
    new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${host.address}/cable`, 'actioncable-v1-json', {
            headers: {Authorization: `Bearer ${apiKey}`},
        });
        t.after(() => socket.terminate());
        socket.on('open', () => resolve({status: 101}));
        socket.on('unexpected-response', (_, {statusCode, headers: got}) => {
            resolve({status: statusCode, headers: got});
        });
        socket.on('error', reject);
    });

test('WebSockets are counted for themselves', async (t) => {
    const host = await start(t);
    for (let n = 0; n < upgrades; n += 1) assert.equal((await handshake(t, host)).status, 101);
    const refused = await handshake(t, host);
    assert.equal(refused.status, 429);
    assertHeaders(refused, upgrades);
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    await passes(host, apiKey, key);
});
