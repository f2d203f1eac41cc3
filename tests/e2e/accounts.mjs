// Accounts from outside: people who sign up and log in, services with keys, and those who pretend.
import assert from 'node:assert/strict';
import {createPublicKey, verify} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {RawCable, Subscriber} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {binary, Host} from './lib/host.mjs';
import {encode, hs256} from './lib/jwt.mjs';
import {output, scratchFolder} from './lib/processes.mjs';
import {within} from './lib/wait.mjs';

const jwtSecret = 'a secret that old clients share, 32+';
const dataDir = scratchFolder({after});
const host = await Host.start({after}, {dataDir, env: {JWT_SECRET: jwtSecret}});
const api = (route) => `${host.url}/api/v1${route}`;
const password = 'Password123';

let people = 0;
async function signedUp(email = `person${(people += 1)}@example.org`) {
    const body = {email, password};
    const answer = await curl(api('/users/signup'), {method: 'POST', body, key: null});
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}

async function loggedIn(email, given = password) {
    const body = {email, password: given};
    return curl(api('/users/login'), {method: 'POST', body, key: null});
}

async function withRole(role) {
    const {user} = await signedUp();
    const changed = await curl(api(`/users/${user.id}`), {method: 'PATCH', body: {role}});
    assert.equal(changed.status, 200, changed.text);
    return (await loggedIn(user.email)).json;
}

const me = (key) => curl(api('/users/me'), {key});
const status = async (key, method, route, body) =>
    (await curl(api(route), {method, key, body})).status;

const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));

test('signing up makes a viewer, whose token says for 24 hours who they are', async () => {
    const {token, expires_at, user} = await signedUp('Ada@Example.org');
    assert.deepEqual([user.email, user.role, user.active], ['ada@example.org', 'viewer', true]);
    const [, payload] = token.split('.').slice(0, 2).map(decode);
    assert.equal(payload.exp - payload.iat, 86_400);
    assert.equal(new Date(expires_at).getTime(), payload.exp * 1000);
    const read = await me(token);
    assert.equal(read.status, 200, read.text);
    assert.equal(read.json.email, 'ada@example.org');
    const again = await curl(api('/users/signup'), {
        method: 'POST',
        body: {user: {email: 'ADA@example.org', password}},
        key: null,
    });
    assert.equal(again.status, 409);
    assert.equal(again.json.errors[0].field, 'email');
});

test('the published keys verify a token with a library that is not ours', async () => {
    const {token} = await signedUp();
    const set = await curl(`${host.url}/.well-known/jwks.json`, {key: null});
    assert.equal(set.status, 200);
    const [header, payload, signature] = token.split('.');
    const jwk = set.json.keys.find(({kid}) => kid === decode(header).kid);
    const key = createPublicKey({key: jwk, format: 'jwk'});
    const text = Buffer.from(`${header}.${payload}`);
    assert.ok(verify(null, text, key, Buffer.from(signature, 'base64url')));
});

test('every old name of log-in works; a wrong password is 401 and says no more', async () => {
    const {user} = await signedUp();
    const body = {user: {email: user.email, password}};
    for (const route of ['/users/login', '/login', '/auth/login']) {
        const answer = await curl(api(route), {method: 'POST', body, key: null});
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers.authorization, `Bearer ${answer.json.token}`);
    }
    for (const email of [user.email, 'nobody@example.org']) {
        const wrong = await loggedIn(email, 'Password124');
        assert.equal(wrong.status, 401);
        assert.equal(wrong.json.error, 'Invalid email or password.');
        assert.match(wrong.headers['www-authenticate'], /^Bearer/);
    }
});

test('roles decide what a token may do', async () => {
    const url = (name) => ({url: `https://twitch.tv/${name}`});
    const viewer = await withRole('viewer');
    const editor = await withRole('editor');
    const admin = await withRole('admin');
    const attempts = [
        ['GET', '/streams', undefined, [200, 200, 200]],
        ['POST', '/streams', url, [403, 201, 201]],
        ['GET', '/users', undefined, [403, 403, 200]],
        ['GET', '/api_keys', undefined, [403, 403, 200]],
        ['GET', '/nodes', undefined, [403, 403, 200]],
    ];
    for (const [method, route, body, expected] of attempts) {
        for (const [n, {token}] of [viewer, editor, admin].entries()) {
            assert.equal(
                await status(token, method, route, body?.(`roles${n}`)),
                expected[n],
                `${method} ${route} as ${['viewer', 'editor', 'admin'][n]}`,
            );
        }
    }
    assert.equal(await status(null, 'GET', '/users/me'), 401);
});

test('a stream belongs to who made it: other editors may not change it, administrators may', async () => {
    const owner = await withRole('editor');
    const other = await withRole('editor');
    const body = {url: 'https://twitch.tv/owned'};
    const made = await curl(api('/streams'), {method: 'POST', body, key: owner.token});
    assert.equal(made.json.user_id, owner.user.id);
    const change = (key) => status(key, 'PATCH', `/streams/${made.json.id}`, {title: 'new'});
    assert.equal(await change(other.token), 403);
    assert.equal(await change(owner.token), 200);
    assert.equal(await change(undefined), 200);
});

test('one token works on REST and on the socket, until it is logged out', async (t) => {
    const {token, user} = await signedUp();
    const second = (await loggedIn(user.email)).json.token;
    const cable = (key) => `ws://${host.address}/cable?token=${key}`;
    await Subscriber.connect(t, cable(second));
    const open = await RawCable.open(t, cable(token));
    await open.frame('welcome', ({type}) => type === 'welcome');
    assert.equal(await status(token, 'DELETE', '/users/logout'), 204);
    assert.equal((await within('close', open.closed)).code, 1008);
    assert.equal((await me(token)).status, 401, 'at once, though it is valid for hours');
    assert.equal((await me(second)).status, 200, 'other log-ins go on');
    const refused = await RawCable.open(t, cable(token));
    await refused.frame('disconnect', ({reason}) => reason === 'unauthorized');
    await Subscriber.connect(t, cable(second));
});

test('a change of role, a new password and the end of a user count at once', async () => {
    const {token, user} = await signedUp();
    const change = (body) => curl(api(`/users/${user.id}`), {method: 'PATCH', body});
    const create = (name) =>
        status(token, 'POST', '/streams', {url: `https://twitch.tv/${name}`});
    assert.equal(await create('atonce1'), 403);
    assert.equal((await change({role: 'editor'})).status, 200);
    assert.equal(await create('atonce2'), 201);
    assert.equal((await change({password: 'Different456'})).status, 200);
    assert.equal((await me(token)).status, 401);
    const fresh = (await loggedIn(user.email, 'Different456')).json.token;
    assert.equal((await me(fresh)).status, 200);
    assert.equal(await status(undefined, 'DELETE', `/users/${user.id}`), 204);
    assert.equal((await me(fresh)).status, 401);
});

test('forged, foreign, unsigned and expired tokens are 401', async () => {
    const {token, user} = await signedUp();
    const [header, payload, signature] = token.split('.');
    const now = Math.floor(Date.now() / 1000);
    const claims = {sub: String(user.id), iat: now - 10, exp: now + 600};
    const {json: set} = await curl(`${host.url}/.well-known/jwks.json`, {key: null});
    const admin = encode({...decode(payload), sub: '1'});
    const forged = {
        'none': `${encode({alg: 'none'})}.${payload}.`,
        'NONE with a signature': `${encode({alg: 'NONE'})}.${payload}.${signature}`,
        'no signature': `${header}.${payload}.`,
        'another payload': `${header}.${admin}.${signature}`,
        'another secret': hs256(claims, 'another secret of thirty-two bytes'),
        'the public key as the secret': hs256(claims, Buffer.from(set.keys[0].x, 'base64url')),
        'its text as the secret': hs256(claims, JSON.stringify(set.keys[0])),
        'expired': hs256({...claims, exp: now - 1}, jwtSecret),
        'no end': hs256({sub: claims.sub, iat: claims.iat}, jwtSecret),
        'not yet': hs256({...claims, nbf: now + 600}, jwtSecret),
        'nobody': hs256({...claims, sub: '999999'}, jwtSecret),
        'HS384': hs256(claims, jwtSecret, {alg: 'HS384'}),
        'cut': token.slice(0, -1),
        'longer': `${token}A`,
        'rubbish': 'a.b.c',
        'a key that is none': `swk_abcdefgh_${'A'.repeat(43)}`,
    };
    for (const [name, fake] of Object.entries(forged)) {
        const answer = await me(fake);
        assert.equal(answer.status, 401, name);
        assert.match(answer.headers['www-authenticate'], /^Bearer/, name);
    }
    assert.equal((await me(hs256(claims, jwtSecret))).status, 200, 'old clients come in');
});

test('bad bodies name their fields and change nothing', async () => {
    const post = (body, headers) =>
        curl(api('/users/signup'), {method: 'POST', body, key: null, headers});
    const fields = ({json}) => json.errors.map(({field}) => field).sort();
    const cases = [
        [{}, ['email', 'password']],
        [{email: 'x', password: 'simple123'}, ['email', 'password']],
        [{email: ['a@b.de'], password: 5}, ['email', 'password']],
        [{email: 'a@b.de', password: `aA1${'x'.repeat(126)}`}, ['password']],
        [{email: `${'a'.repeat(300)}@b.de`, password}, ['email']],
        [{email: 'a@b.de', password, display_name: 'x'.repeat(256)}, ['display_name']],
    ];
    for (const [body, expected] of cases) {
        const answer = await post(body);
        assert.equal(answer.status, 422, answer.text);
        assert.deepEqual(fields(answer), expected);
    }
    for (const body of ['', '[]', '{', '{"email":"a@b.de","email":"c@d.de"}', '"\\u0000"']) {
        assert.equal((await post(body)).status, 400, body);
    }
    assert.equal((await post('{}', {'Content-Type': 'text/plain'})).status, 415);
    const file = path.join(dataDir, 'large.json');
    writeFileSync(file, JSON.stringify({email: 'x'.repeat(2 << 20)}));
    assert.equal((await post(`@${file}`)).status, 413);
    assert.equal((await loggedIn('a@b.de')).status, 401, 'nobody was made');
});

test('a service key does what its scopes say, and is shown once', async () => {
    const make = (body) => curl(api('/api_keys'), {method: 'POST', body});
    const made = await make({name: 'checker', scopes: ['status:write', 'streams:read']});
    assert.equal(made.status, 201, made.text);
    const {key, id, prefix, expires_at} = made.json;
    assert.ok(key.startsWith(prefix) && key.length > prefix.length);
    const days = (new Date(expires_at) - Date.now()) / 86_400_000;
    assert.ok(days > 89.9 && days <= 90, `${days} days`);
    const shown = await curl(api(`/api_keys/${id}`));
    assert.equal(shown.json.key, undefined);
    assert.ok(!shown.text.includes(key.slice(prefix.length)));
    assert.equal(await status(key, 'GET', '/streams'), 200);
    assert.equal(await status(key, 'POST', '/streams', {url: 'https://twitch.tv/bykey'}), 403);
    assert.equal(await status(key, 'GET', '/api_keys'), 403);
    assert.equal((await me(key)).status, 403, 'a key is no user');
    const used = await curl(api(`/api_keys/${id}`));
    assert.ok(used.json.last_used_at);
    assert.equal((await make({name: 'x', scopes: ['everything']})).status, 422);
    const {text: metrics} = await curl(`${host.url}/metrics`, {key: null});
    const counted = metrics.match(/key_requests_total\{[^}]*key="checker"[^}]*result="passed"[^}]*\} (\d+)/);
    assert.ok(Number(counted?.[1]) >= 4, 'its requests, by its name');

    const rotated = await curl(api(`/api_keys/${id}/rotate`), {method: 'POST'});
    assert.equal(rotated.status, 200, rotated.text);
    assert.equal(await status(key, 'GET', '/streams'), 200, 'for a while, both');
    assert.equal(await status(rotated.json.key, 'GET', '/streams'), 200);
    const other = (await make({name: 'other', scopes: ['streams:read']})).json.key;
    assert.equal(await status(undefined, 'DELETE', `/api_keys/${id}`), 204);
    assert.equal(await status(key, 'GET', '/streams'), 401);
    assert.equal(await status(rotated.json.key, 'GET', '/streams'), 401);
    assert.equal(await status(other, 'GET', '/streams'), 200, 'others go on');
});

test('a key that may report how streams are changes that and nothing else', async () => {
    const made = await curl(api('/api_keys'), {
        method: 'POST',
        body: {name: 'reporter', scopes: ['status:write']},
    });
    const {key} = made.json;
    const body = {url: 'https://twitch.tv/reported', city: 'Seattle'};
    const {json: stream} = await curl(api('/streams'), {method: 'POST', body});
    const one = `/streams/${stream.id}`;
    const report = {
        status: 'live',
        last_checked_at: '2026-01-31T12:00:00.000Z',
        last_live_at: '2026-01-31T12:00:00.000Z',
        viewer_count: 7,
        title: 'Seen',
    };
    const patched = await curl(api(one), {method: 'PATCH', body: report, key});
    assert.equal(patched.status, 200, patched.text);
    for (const [name, value] of Object.entries(report)) assert.equal(patched.json[name], value, name);
    assert.equal(await status(key, 'PUT', one, {...body, status: 'offline'}), 200);
    const others = {
        url: 'https://twitch.tv/elsewhere',
        city: 'Portland',
        streamer_name: 'Nobody Yet',
        notes: 'x',
        pinned: true,
        labels: ['x'],
        status: 'archived',
        platform: 'kick',
    };
    const {json: before} = await curl(api(one));
    for (const [name, value] of Object.entries(others)) {
        assert.equal(await status(key, 'PATCH', one, {[name]: value, viewer_count: 99}), 403, name);
        const update = {id: stream.id, [name]: value, viewer_count: 99};
        if (name === 'url') continue;  // names the stream there
        const batch = await curl(api('/streams/batch'), {method: 'PATCH', body: [update], key});
        assert.deepEqual([batch.status, batch.json.results[0].status], [207, 403], name);
        const all = await curl(api('/streams/batch?atomic=1'), {method: 'PATCH', body: [update], key});
        assert.equal(all.status, 403, `${name}: ${all.text}`);
    }
    assert.deepEqual((await curl(api(one))).json, before, 'nothing is half done');
    const streamers = await curl(api('/streamers?search=Nobody'));
    assert.deepEqual(streamers.json.streamers, [], 'nobody is made for what is refused');

    const good = [{id: stream.id, status: 'live'}, {id: stream.id, city: 'Portland'}];
    const mixed = await curl(api('/streams/batch'), {method: 'POST', body: good, key});
    assert.deepEqual(mixed.json.results.map(({status: of}) => of), [200, 403]);
    const others403 = [
        ['POST', '/streams', body],
        ['DELETE', one],
        ['PUT', `${one}/pin`],
        ['POST', `${one}/archive`],
        ['POST', '/streams/bulk_import', []],
        ['POST', '/messages', {text: 'x'}],
        ['GET', one],
    ];
    for (const [method, route, sent] of others403)
        assert.equal(await status(key, method, route, sent), 403, `${method} ${route}`);
});

test('the command line makes the first administrator of a running host', async () => {
    const run = (...args) => output(binary, ['users', ...args, '--data', dataDir]);
    const made = JSON.parse(
        await run('create', 'root@example.org', '--role', 'admin', '--output', 'json'),
    );
    const {token, user} = (await loggedIn('root@example.org', made.password)).json;
    assert.equal(user.role, 'admin');
    assert.equal(await status(token, 'GET', '/users'), 200);
    assert.match(await run('list'), /root@example\.org {2}admin/);
    await assert.rejects(run('create', 'no address'), /e-mail/);
});

test('tokens, log-outs and keys outlive a restart; no secret is in the log', async (t) => {
    const folder = scratchFolder(t);
    const first = await Host.start(t, {dataDir: folder});
    const at = (one, route) => `${one.url}/api/v1${route}`;
    const body = {email: 'stays@example.org', password};
    const {token} = (await curl(at(first, '/users/signup'), {method: 'POST', body})).json;
    const gone = (await curl(at(first, '/users/login'), {method: 'POST', body})).json.token;
    await curl(at(first, '/users/logout'), {method: 'DELETE', key: gone});
    const {key} = (
        await curl(at(first, '/api_keys'), {
            method: 'POST',
            body: {name: 'bot', scopes: ['streams:read']},
        })
    ).json;
    await first.stop();
    const second = await Host.start(t, {dataDir: folder});
    assert.equal((await curl(at(second, '/users/me'), {key: token})).status, 200);
    assert.equal((await curl(at(second, '/users/me'), {key: gone})).status, 401);
    assert.equal((await curl(at(second, '/streams'), {key})).status, 200);
    await second.stop();
    for (const line of [...first.child.lines, ...second.child.lines]) {
        for (const secret of [password, token, gone, key]) assert.ok(!line.includes(secret), line);
    }
});

// Opens a stream of events; `ended` says how it ends, once it does.
async function listening(route, key) {
    const headers = {Authorization: `Bearer ${key}`, Accept: 'text/event-stream'};
    const response = await fetch(`${host.url}${route}`, {headers});
    assert.equal(response.status, 200, route);
    const read = async () => {
        for await (const bytes of response.body) assert.ok(bytes.length > 0);
    };
    const ended = read().then(
        () => 'ended',
        () => 'broken off',
    );
    return {ended};
}
const eventStreams = ['/api/v1/events', '/cable/sse'];

test('streams of events end with the log-in that opened them', async () => {
    const ends = {
        'a log-out': ({token}) => status(token, 'DELETE', '/users/logout'),
        'another role': ({user}) => status(undefined, 'PATCH', `/users/${user.id}`, {role: 'editor'}),
        'being switched off': ({user}) =>
            status(undefined, 'PATCH', `/users/${user.id}`, {active: false}),
    };
    for (const [name, end] of Object.entries(ends)) {
        for (const route of eventStreams) {
            const person = await signedUp();
            const {ended} = await listening(route, person.token);
            assert.ok((await end(person)) < 300, name);
            assert.equal(await within(`${route} to end by ${name}`, ended), 'broken off');
        }
    }
});

test('streams of events and WebSockets end when their token runs out', async (t) => {
    const {user} = await signedUp();
    const now = Math.floor(Date.now() / 1000);
    const token = hs256({sub: `${user.id}`, iat: now, exp: now + 3}, jwtSecret);
    const cable = await RawCable.open(t, `ws://${host.address}/cable?token=${token}`);
    await cable.frame('welcome', ({type}) => type === 'welcome');
    const opened = await Promise.all(eventStreams.map((route) => listening(route, token)));
    assert.equal((await within('the end of the socket', cable.closed)).code, 1008);
    for (const {ended} of opened) assert.equal(await within('the end', ended), 'broken off');
    assert.ok(Date.now() >= (now + 3) * 1000, 'not before');
});

test('the eleventh try to log in within twenty minutes has to wait', async (t) => {
    const limited = await Host.start(t, {env: {STREAMWALL_RATE_LIMITS: '6000/6000/6000'}});
    const attempt = () =>
        curl(`${limited.url}/api/v1/users/login`, {
            method: 'POST',
            body: {email: 'nobody@example.org', password},
            key: null,
        });
    for (let n = 0; n < 10; n += 1) assert.equal((await attempt()).status, 401);
    const refused = await attempt();
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers['retry-after']) > 1000);
});
