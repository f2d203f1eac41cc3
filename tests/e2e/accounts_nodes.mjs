// One log-in for a system of several nodes: users and keys live with the records, listeners ask.
import assert from 'node:assert/strict';
import test from 'node:test';
import {RawCable} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {startTopology} from './lib/topology.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const api = ({url}, route) => `${url}/api/v1${route}`;

async function listenersOf(system) {
    const listeners = system.listeners();
    await until(
        'accounts to be reached from both',
        async () => {
            const sets = listeners.map(({url}) =>
                curl(`${url}/.well-known/jwks.json`, {key: null}),
            );
            return (await Promise.all(sets)).every(({status}) => status === 200);
        },
        seconds(20),
    );
    return listeners;
}

test('what one listener says of a token or a key, the other says, too', async (t) => {
    const [one, other] = await listenersOf(await startTopology(t, 'split'));
    const body = {email: 'ada@example.org', password: 'Password123'};
    const made = await curl(api(one, '/users/signup'), {method: 'POST', body, key: null});
    assert.equal(made.status, 201, made.text);
    const {token} = made.json;
    const me = async (listener) => (await curl(api(listener, '/users/me'), {key: token})).status;
    assert.equal(await me(one), 200);
    assert.equal(await me(other), 200);
    const key = (
        await curl(api(other, '/api_keys'), {
            method: 'POST',
            body: {name: 'bot', scopes: ['streams:read']},
        })
    ).json;
    const read = async (listener) =>
        (await curl(api(listener, '/streams'), {key: key.key})).status;
    assert.deepEqual([await read(one), await read(other)], [200, 200]);

    const left = await curl(api(one, '/users/logout'), {method: 'DELETE', key: token});
    assert.equal(left.status, 204, left.text);
    await curl(api(one, `/api_keys/${key.id}`), {method: 'DELETE'});
    // Listeners hear of it over the transport; by themselves they would not ask again for hours.
    for (const listener of [one, other]) {
        await until('the end of the token', async () => (await me(listener)) === 401, seconds(5));
        await until('the end of the key', async () => (await read(listener)) === 401, seconds(5));
    }
});

test('a listener that is cut off takes an ended token for 15 seconds at most', async (t) => {
    const system = await startTopology(t, 'split', {cuttable: 'api-2'});
    const [one, other] = await listenersOf(system);
    const person = await signUp(one);
    const stays = await signUp(one);
    const bound = seconds(15 + 3);
    // The hub is where the listener is: what it says of a token it says by itself.
    const comesIn = async ({token}) => {
        const opened = await RawCable.open(t, cableOf(other, {token})).catch(() => null);
        if (!opened) return false;
        await opened.frame('an answer', ({type}) => type === 'welcome' || type === 'disconnect');
        opened.socket.close();
        return opened.frames[0].type === 'welcome';
    };
    const open = await RawCable.open(t, cableOf(other, person));
    await open.frame('welcome', ({type}) => type === 'welcome');
    assert.ok(await comesIn(stays));

    system.cut();
    const left = await curl(api(one, '/users/logout'), {method: 'DELETE', key: person.token});
    assert.equal(left.status, 204, left.text);
    assert.equal((await curl(api(one, '/users/me'), {key: person.token})).status, 401);
    const began = performance.now();
    assert.ok(await comesIn(person), 'it can not know yet');
    await until('the end of the token', async () => !(await comesIn(person)), bound);
    assert.ok(performance.now() - began < bound);
    // Verified a little later, so a little longer.
    await until('nobody to be taken', async () => !(await comesIn(stays)), seconds(3));

    system.join();
    assert.equal((await within('the end of the socket', open.closed, seconds(30))).code, 1008);
    await until('accounts to be asked again', () => comesIn(stays), seconds(30));
    assert.ok(!(await comesIn(person)));
    assert.equal((await curl(api(other, '/users/me'), {key: person.token})).status, 401);
});

test('a session that a page began at one listener goes on at the other', async (t) => {
    const system = await startTopology(t, 'split');
    const [one, other] = await listenersOf(system);
    const {email} = await signUp(one, 'editor');
    const body = {email, password: 'Password123'};
    const begun = await curl(api(one, '/session'), {method: 'POST', body, key: null});
    assert.equal(begun.status, 200, begun.text);
    const [Cookie] = begun.headers['set-cookie'].split(';');
    const csrf = begun.json.csrf_token;
    const at = (listener, method, route, headers = {}, sent = undefined) =>
        curl(api(listener, route), {method, body: sent, key: null, headers: {Cookie, ...headers}});

    const seen = await at(other, 'GET', '/session');
    assert.equal(seen.status, 200, seen.text);
    assert.deepEqual([seen.json.user.email, seen.json.csrf_token], [email, csrf]);
    const url = 'https://twitch.tv/bypage';
    assert.equal((await at(other, 'POST', '/streams', {}, {url})).status, 403, 'no CSRF token');
    const shown = {'X-CSRF-Token': csrf};
    assert.equal((await at(other, 'POST', '/streams', shown, {url})).status, 201);
    const hub = `ws://${other.address}/cable`;
    const open = await RawCable.open(t, hub, {headers: {Cookie, Origin: other.url}});
    await open.frame('welcome', ({type}) => type === 'welcome');

    await system.kill('api-1');
    assert.equal((await at(other, 'GET', '/session')).status, 200, 'whoever began it is gone');
    await system.restart('api-1');
    await system.whole();
    assert.equal((await at(one, 'GET', '/session')).status, 200, 'and knows it again');

    assert.equal((await at(other, 'DELETE', '/session', shown)).status, 204);
    assert.equal((await within('the end of the socket', open.closed)).code, 1008);
    for (const listener of [one, other]) {
        await until(
            'the end of the session',
            async () => (await at(listener, 'GET', '/session')).status === 401,
            seconds(5),
        );
    }
});
