// One log-in for a system of several nodes: users and keys live with the records, listeners ask.
import assert from 'node:assert/strict';
import test from 'node:test';
import {curl} from './lib/curl.mjs';
import {startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

test('what one listener says of a token or a key, the other says, too', async (t) => {
    const system = await startTopology(t, 'split');
    const [one, other] = system.listeners();
    const api = ({url}, route) => `${url}/api/v1${route}`;
    await until(
        'accounts to be reached from both',
        async () => {
            const sets = [one, other].map(({url}) =>
                curl(`${url}/.well-known/jwks.json`, {key: null}),
            );
            return (await Promise.all(sets)).every(({status}) => status === 200);
        },
        seconds(20),
    );
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
    // Listeners hear of it over the transport, long before they would ask again by themselves.
    for (const listener of [one, other]) {
        await until('the end of the token', async () => (await me(listener)) === 401, seconds(5));
        await until('the end of the key', async () => (await read(listener)) === 401, seconds(5));
    }
});
