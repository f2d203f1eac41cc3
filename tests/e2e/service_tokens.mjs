// Services that sign their own tokens: what one may do is what the operator's list says.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {RawCable} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {hs256, unsigned} from './lib/jwt.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

const secret = 'what services sign with, 32 bytes or more';
const shipped = readFileSync(new URL(`../../config/${chosenTopology}.yaml`, import.meta.url), 'utf8');
const config = path.join(scratchFolder({after}), `${chosenTopology}.yaml`);
const list = `    services:
      - {name: rooms, scopes: [streams:read]}
      - {name: checker, scopes: ["status:write", "streams:read"]}
      - {name: bridge, role: editor}
`;
writeFileSync(config, shipped.replace(/(?<= {2}accounts:\n)/, list));
const host = await startTopology({after}, chosenTopology, {
    config,
    env: {SERVICE_JWT_SECRET: secret},
});
const api = (route) => `${host.url}/api/v1${route}`;

const now = Math.floor(Date.now() / 1000);
const claims = {type: 'service', service: 'rooms', iat: now - 10, exp: now + 600};
const signed = (payload, {by = secret, alg = 'HS256'} = {}) =>
    hs256(payload, by, {alg, typ: 'JWT'});
const status = async (key, method = 'GET', route = '/streams', body = undefined) =>
    (await curl(api(route), {method, key, body})).status;

await until('accounts to be reached', async () => (await status(signed(claims))) === 200, seconds(20));

test('a service does what its entry says, and no more', async () => {
    const of = (service) => signed({...claims, service});
    const url = 'https://twitch.tv/byservice';
    assert.equal(await status(of('rooms'), 'POST', '/streams', {url}), 403);
    assert.equal(await status(of('checker'), 'POST', '/streams', {url}), 403);
    const made = await curl(api('/streams'), {method: 'POST', body: {url}, key: of('bridge')});
    assert.equal(made.status, 201, made.text);
    const one = `/streams/${made.json.id}`;
    assert.equal(await status(of('rooms'), 'PATCH', one, {status: 'live'}), 403);
    assert.equal(await status(of('checker'), 'PATCH', one, {status: 'live'}), 200);
    for (const name of ['rooms', 'checker', 'bridge']) {
        assert.equal(await status(of(name), 'GET', '/api_keys'), 403, name);
        assert.equal(await status(of(name), 'GET', '/users/me'), 403, 'no user');
    }
    const entry = await until('the entry in the audit', async () => {
        const {json} = await curl(api('/audit?resource=stream&actor=bridge'));
        return json.audit?.[0];
    });
    assert.deepEqual(entry.actor, {type: 'key', id: 'service:bridge', name: 'bridge'});
});

test('it opens the socket, too', async (t) => {
    const url = `ws://${host.address}/cable`;
    const identifier = JSON.stringify({channel: 'StreamsChannel'});
    for (const [where, options] of [
        [`${url}?token=${signed(claims)}`, {}],
        [url, {headers: {Authorization: `Bearer ${signed(claims)}`}}],
    ]) {
        const open = await RawCable.open(t, where, options);
        await open.frame('welcome', ({type}) => type === 'welcome');
        assert.equal((await open.subscribe(identifier)).type, 'confirm_subscription');
    }
});

test('whatever else pretends to be a service is 401', async (t) => {
    const {exp, ...endless} = claims;
    const forged = {
        'another secret': signed(claims, {by: 'another secret of thirty-two bytes'}),
        'no secret': signed(claims, {by: ''}),
        'another type': signed({...claims, type: 'user'}),
        'no type': signed({...claims, type: undefined}),
        'a service that is not on the list': signed({...claims, service: 'unlisted'}),
        'no service': signed({...claims, service: undefined}),
        'no end': signed(endless),
        'expired': signed({...claims, exp: now - 1}),
        'not yet': signed({...claims, nbf: exp}),
        'alg none': unsigned(claims),
        'alg none, signed': signed(claims, {alg: 'none'}),
        'HS512': signed(claims, {alg: 'HS512'}),
        'a user, signed by a service': signed({sub: '1', iat: claims.iat, exp}),
    };
    for (const [name, token] of Object.entries(forged)) {
        const answer = await curl(api('/streams'), {key: token});
        assert.equal(answer.status, 401, name);
        assert.match(answer.headers['www-authenticate'], /^Bearer/, name);
        const open = await RawCable.open(t, `ws://${host.address}/cable?token=${token}`);
        await open.frame(name, ({reason}) => reason === 'unauthorized');
    }
});
