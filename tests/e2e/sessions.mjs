// What people do with their own log-in: pages with cookies, another password; and administrators with users.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {RawCable} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {Host} from './lib/host.mjs';

const host = await Host.start({after});
const api = (route) => `${host.url}/api/v1${route}`;
const password = 'Password123';

let people = 0;
async function signedUp(role = 'viewer') {
    const body = {email: `page${(people += 1)}@example.org`, password};
    const {json} = await curl(api('/users/signup'), {method: 'POST', body, key: null});
    if (role !== 'viewer') {
        await curl(api(`/users/${json.user.id}`), {method: 'PATCH', body: {role}});
    }
    return {...json, email: body.email};
}

const me = async (key) => (await curl(api('/users/me'), {key})).status;

async function page(email, headers = {}) {
    const body = {email, password};
    const answer = await curl(api('/session'), {method: 'POST', body, key: null, headers});
    assert.equal(answer.status, 200, answer.text);
    const cookie = answer.headers['set-cookie'];
    return {cookie, csrf: answer.json.csrf_token, Cookie: cookie.split(';')[0], answer};
}

test('a page logs in once; its cookie reads, and changes things only with the token that pages know', async () => {
    const {email} = await signedUp('editor');
    const {cookie, csrf, Cookie, answer} = await page(email);
    assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Lax; Max-Age=86400$/);
    assert.equal(answer.json.token, undefined, 'scripts never see the token');
    const send = (headers, method = 'POST') =>
        curl(api('/streams'), {
            method,
            body: method === 'POST' ? {url: 'https://twitch.tv/bypage'} : undefined,
            key: null,
            headers: {Cookie, ...headers},
        });
    assert.equal((await send({}, 'GET')).status, 200);
    const forged = await send({Origin: 'https://evil.example.org'});
    assert.equal(forged.status, 403);
    assert.equal(forged.json.code, 'csrf');
    assert.equal((await send({'X-CSRF-Token': `${csrf.slice(1)}0`})).status, 403);
    assert.equal((await send({'X-CSRF-Token': csrf})).status, 201);
    const again = await curl(api('/session'), {key: null, headers: {Cookie}});
    assert.equal(again.json.csrf_token, csrf, 'a page that is loaded again gets it again');
    assert.equal(again.json.user.email, email);
    const secure = await page(email, {Origin: 'https://wall.example.org'});
    assert.match(secure.cookie, /; Secure$/);
});

test('the cookie opens a socket for pages of this host alone, and ends with the log-out', async (t) => {
    const {email} = await signedUp();
    const {Cookie, csrf} = await page(email);
    const url = `ws://${host.address}/cable`;
    const open = await RawCable.open(t, url, {headers: {Cookie, Origin: host.url}});
    await open.frame('welcome', ({type}) => type === 'welcome');
    await assert.rejects(
        RawCable.open(t, url, {headers: {Cookie, Origin: 'https://evil.example.org'}}),
    );
    const end = (headers) =>
        curl(api('/session'), {method: 'DELETE', key: null, headers: {Cookie, ...headers}});
    assert.equal((await end({})).status, 403);
    const ended = await end({'X-CSRF-Token': csrf});
    assert.equal(ended.status, 204);
    assert.match(ended.headers['set-cookie'], /^streamwall_session=; .*Max-Age=0$/);
    assert.equal((await curl(api('/session'), {key: null, headers: {Cookie}})).status, 401);
});

test('people give themselves another password; every other log-in ends', async () => {
    const {token, email} = await signedUp();
    const change = (body) => curl(api('/users/me/password'), {method: 'PUT', body, key: token});
    const wrong = [
        [{}, ['current_password', 'password']],
        [{current_password: password, password: 'simple'}, ['password']],
        [{current_password: 5, password: 'Different456'}, ['current_password']],
        [{current_password: 'Password124', password: 'Different456'}, ['current_password']],
    ];
    for (const [body, fields] of wrong) {
        const answer = await change(body);
        assert.equal(answer.status, 422, answer.text);
        assert.deepEqual(answer.json.errors.map(({field}) => field).sort(), fields);
    }
    assert.equal(await me(token), 200);
    const changed = await change({current_password: password, password: 'Different456'});
    assert.equal(changed.status, 200, changed.text);
    assert.equal(await me(token), 401);
    assert.equal(await me(changed.json.token), 200);
    const logIn = async (given) =>
        (await curl(api('/login'), {method: 'POST', body: {email, password: given}, key: null}))
            .status;
    assert.deepEqual([await logIn(password), await logIn('Different456')], [401, 200]);
    const key = await curl(api('/users/me/password'), {
        method: 'PUT',
        body: {current_password: password, password: 'Different456'},
    });
    assert.equal(key.status, 403, 'the bootstrap key is no user');
});

test('administrators replace users, and page through them by cursor', async () => {
    const {user} = await signedUp();
    const put = (body) => curl(api(`/users/${user.id}`), {method: 'PUT', body});
    const without = await put({role: 'editor'});
    assert.equal(without.status, 422);
    assert.equal(without.json.errors[0].field, 'email');
    const replaced = await put({email: user.email, role: 'editor'});
    assert.equal(replaced.status, 200, replaced.text);
    assert.equal(replaced.json.role, 'editor');
    for (let n = 0; n < 5; n += 1) await signedUp();
    const seen = [];
    for (let cursor = ''; cursor !== null; ) {
        const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        const {json, text} = await curl(api(`/users?per_page=2${from}`));
        assert.ok(json.users.length <= 2, text);
        seen.push(...json.users.map(({id}) => id));
        cursor = json.meta.next_cursor;
        if (cursor && seen.length === 2) await signedUp();
    }
    assert.equal(new Set(seen).size, seen.length, 'nobody twice, though one came in between');
    const {json} = await curl(api('/users'));
    assert.ok(seen.length >= json.meta.total_count - 1);
    assert.equal((await curl(api('/users?cursor=rubbish'))).status, 400);
    assert.equal((await curl(api('/api_keys?per_page=1'))).json.meta.next_cursor, null);
});
