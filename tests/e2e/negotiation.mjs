// What clients and the listener agree on: compression, other origins, versions, proxies.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {fileURLToPath} from 'node:url';
import {gunzipSync} from 'node:zlib';
import {Api} from './lib/api.mjs';
import {curl} from './lib/curl.mjs';
import {apiKey, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';

const origin = 'https://wall.example.org';
const monolith = fileURLToPath(new URL('../../config/monolith.yaml', import.meta.url));
const config = path.join(scratchFolder({after}), 'behind_a_proxy.yaml');
writeFileSync(
    config,
    readFileSync(monolith, 'utf8').replace(
        /^ {2}http-server:$/m,
        `$&\n    cors_origins: ["${origin}"]\n    trusted_proxies: [127.0.0.0/8]`,
    ),
);
const host = await Host.start({after}, {config, env: {STREAMWALL_RATE_LIMITS: '6/6000/6000'}});
const api = new Api(host);
const streams = (rest = '') => `${host.url}/api/v1/streams${rest}`;

// fetch() undoes compression silently; http does not.
async function raw(route, headers) {
    const {request} = await import('node:http');
    return new Promise((done, failed) => {
        const sent = request(host.url + route, {
            headers: {Authorization: `Bearer ${apiKey}`, ...headers},
        });
        sent.on('error', failed).on('response', async (response) => {
            const parts = [];
            for await (const part of response) parts.push(part);
            done({status: response.statusCode, headers: response.headers, body: Buffer.concat(parts)});
        });
        sent.end();
    });
}

test('lists are compressed for who asks, and are the same', async () => {
    for (let n = 0; n < 10; n += 1) await api.create({url: `https://twitch.tv/gzip${n}`});
    const plain = await raw('/api/v1/streams');
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.match(plain.headers.vary, /Accept-Encoding/);
    const small = await raw('/api/v1/streams', {'Accept-Encoding': 'br, gzip;q=0.5'});
    assert.equal(small.headers['content-encoding'], 'gzip');
    assert.match(small.headers.etag, /^W\//);
    assert.ok(small.body.length * 3 < plain.body.length);
    assert.equal(gunzipSync(small.body).toString(), plain.body.toString());
    const refused = await raw('/api/v1/streams', {'Accept-Encoding': 'gzip;q=0, *'});
    assert.equal(refused.headers['content-encoding'], undefined);
    const unchanged = await raw('/api/v1/streams', {'If-None-Match': small.headers.etag});
    assert.equal(unchanged.status, 304);
    assert.equal((await curl(streams(), {headers: {'Accept-Encoding': 'identity'}})).status, 200);
});

test('pages of a configured origin may use the interface, others may not read it', async () => {
    const asked = {Origin: origin, 'Access-Control-Request-Method': 'PATCH'};
    const preflight = await curl(streams('/1'), {method: 'OPTIONS', headers: asked, key: null});
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-origin'], origin);
    assert.match(preflight.headers['access-control-allow-methods'], /PATCH/);
    assert.match(preflight.headers['access-control-allow-headers'], /If-Match/);
    const read = await curl(streams(), {headers: {Origin: origin}});
    assert.equal(read.headers['access-control-allow-origin'], origin);
    assert.equal(read.headers['access-control-allow-credentials'], undefined);
    const evil = await curl(streams(), {headers: {Origin: 'https://evil.example.org'}});
    assert.equal(evil.status, 200);
    assert.equal(evil.headers['access-control-allow-origin'], undefined);
});

test('each client behind the proxy has limits of its own, IPv6 by its network', async () => {
    const status = async (client) =>
        (await curl(streams(), {key: null, headers: {'X-Forwarded-For': `6.6.6.6, ${client}`}}))
            .status;
    for (const client of ['198.51.100.1', '2001:db8::1']) {
        for (let n = 0; n < 6; n += 1) assert.equal(await status(client), 401);
        assert.equal(await status(client), 429, client);
    }
    assert.equal(await status('198.51.100.2'), 401);
    assert.equal(await status('2001:db8::2'), 429, 'the same /64');
    assert.equal(await status('2001:db8:0:1::1'), 401);
});

test('a version of the interface is chosen by path or Accept; an unknown one is refused', async () => {
    const accept = async (value) => (await curl(streams(), {headers: {Accept: value}})).status;
    assert.equal(await accept('application/vnd.streamwall.v1+json'), 200);
    assert.equal(await accept('application/vnd.streamwall.v2+json, application/json;q=0.1'), 200);
    assert.equal(await accept('application/vnd.streamwall.v2+json'), 406);
    const unknown = await curl(streams(), {headers: {Accept: 'application/vnd.streamwall.v9+json'}});
    assert.deepEqual(unknown.json.versions, ['application/vnd.streamwall.v1+json']);
    assert.equal((await curl(`${host.url}/api/v2/streams`)).status, 404);
});

test('a trusted proxy says whether its client came over TLS', async () => {
    const sent = {method: 'POST', body: {resource: 'stream'}};
    for (const [proto, scheme] of [['https', 'wss'], ['http', 'ws'], ['', 'ws']]) {
        const headers = {'X-Forwarded-Proto': proto};
        const made = await curl(`${host.url}/api/v1/collaboration/sessions`, {...sent, headers});
        assert.equal(made.json.websocket_url, `${scheme}://${host.address}/cable`, made.text);
    }
});

test('names that are on their way out say so, and which name stays', async () => {
    const body = {email: 'old@example.org', password: 'Password123'};
    const from = {'X-Forwarded-For': '198.51.100.9'};
    const post = (route) =>
        curl(`${host.url}/api/v1${route}`, {method: 'POST', body, key: null, headers: from});
    const old = await post('/signup');
    assert.equal(old.status, 201, old.text);
    assert.match(old.headers.deprecation, /^@\d+$/);
    const since = Number(old.headers.deprecation.slice(1)) * 1000;
    assert.ok(Date.parse(old.headers.sunset) > since, old.headers.sunset);
    assert.equal(old.headers.link, '</api/v1/users/signup>; rel="successor-version"');
    const description = (await curl(`${host.url}/openapi.json`)).json;
    const {properties} = description.components.schemas.Stream;
    for (const name of ['link', 'last_checked']) assert.equal(properties[name].deprecated, true, name);
    const now = await post('/users/login');
    assert.equal(now.status, 200);
    assert.equal(now.headers.deprecation, undefined);
});
