// People who have signed up, and the addresses under which their clients find the hub.
import assert from 'node:assert/strict';
import {curl} from './curl.mjs';

const password = 'Password123';
let people = 0;

export async function signUp(host, role = 'viewer') {
    const api = (route) => `${host.url}/api/v1${route}`;
    const email = `person${(people += 1)}@example.org`;
    const answer = await curl(api('/users/signup'), {
        method: 'POST',
        body: {email, password},
        key: null,
    });
    assert.equal(answer.status, 201, answer.text);
    const {user} = answer.json;
    if (role === 'viewer') return {...user, token: answer.json.token};
    const changed = await curl(api(`/users/${user.id}`), {method: 'PATCH', body: {role}});
    assert.equal(changed.status, 200, changed.text);
    const login = await curl(api('/users/login'), {
        method: 'POST',
        body: {email, password},
        key: null,
    });
    return {...login.json.user, token: login.json.token};
}

export const cableOf = (hub, {token}) => `ws://${hub.address}/cable?token=${token}`;
