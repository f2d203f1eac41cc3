// Nothing is changed over HTTP without an entry in the audit that names who did it and in which
// request: a walk over every route of the interface's own description that is no GET.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {curl} from './lib/curl.mjs';
import {Description} from './lib/description.mjs';
import {Host, binary} from './lib/host.mjs';
import {output, scratchFolder} from './lib/processes.mjs';
import {seconds, until} from './lib/wait.mjs';

const dataDir = scratchFolder({after});
const host = await Host.start({after}, {dataDir});
const password = 'Password123';
let requests = 0;

// Sends it in a request of its own, {status, json, headers, id}.
async function send(method, route, {body, key, headers = {}} = {}) {
    const id = `audited-${(requests += 1)}`;
    const answer = await curl(`${host.url}/api/v1${route}`, {
        method,
        body,
        ...(key === undefined ? {} : {key}),
        headers: {'X-Request-Id': id, ...headers},
    });
    return {...answer, id};
}
async function made(method, route, options) {
    const answer = await send(method, route, options);
    assert.ok(answer.status < 300, `${method} ${route}: ${answer.status} ${answer.text}`);
    return {...answer.json, request: answer.id};
}

let names = 0;
const name = () => `name${(names += 1)}`;
const url = () => `https://twitch.tv/${name()}`;
const create = (route, body) => made('POST', route, {body});
const stream = () => create('/streams', {url: url()});
const streamer = () => create('/streamers', {name: name()});
const location = () => create('/locations', {city: name(), state_province: 'WA', country: 'US'});
const timestamp = () =>
    create('/timestamps', {title: name(), event_at: '2026-01-31T12:00:00Z'});
const entry = () => create('/ignore_lists', {list_type: 'twitch_user', value: name()});
const wall = () => create('/walls', {name: name()});
const layout = async () => create(`/walls/${(await wall()).id}/layouts`, {name: name()});
const pathOf = ({wall_id, id}) => `/walls/${wall_id}/layouts/${id}`;
const user = () => create('/users', {email: `${name()}@example.org`, password});
const apiKey = () => create('/api_keys', {name: name(), scopes: ['streams:read']});
const flag = () => create('/features', {key: name()});
const logIn = (route, {email}, given = password) => [
    'POST', route, {body: {email, password: given}, key: null},
];
const token = async () => (await made(...logIn('/users/login', await user()))).token;
async function letter() {
    const event = {
        id: `evt-${name()}`,
        type: 'stream.discovered',
        version: '1.0',
        subject: 'link/https://twitch.tv/letter',
        timestamp: '2026-01-31T12:00:00.000Z',
        producer: 'test@main',
        data: {url: url(), source: 'test', platform: 'twitch', user: 'someone'},
    };
    const error = {code: 3, message: 'given up'};
    const request = {name: 'catalog/links', event, error, attempts: 5};
    const words = ['call', 'journal', 'dead_letter_add', JSON.stringify(request)];
    const {id} = JSON.parse(await output(binary, [...words, '--data', dataDir]));
    return `main:${id}`;
}

// Each request that changes something: what it sends, once all that it needs is there.
const plugin = '/nodes/main/plugins/twitch-source';
const collection = (path, make, change) => ({
    [`POST ${path}`]: async () => make(),
    [`PATCH ${path}/{id}`]: async () => ['PATCH', `${path}/${(await make()).id}`, {body: change()}],
    [`PUT ${path}/{id}`]: async () => ['PUT', `${path}/${(await make()).id}`, {body: change()}],
    [`DELETE ${path}/{id}`]: async () => ['DELETE', `${path}/${(await make()).id}`],
});
const changes = {
    ...collection('/streams', stream, () => ({url: url(), title: name()})),
    'PUT /streams/{id}/pin': async () => ['PUT', `/streams/${(await stream()).id}/pin`],
    'DELETE /streams/{id}/pin': async () => {
        const {id} = await stream();
        await made('PUT', `/streams/${id}/pin`);
        return ['DELETE', `/streams/${id}/pin`];
    },
    'PUT /streams/{id}/unpin': async () => {
        const {id} = await stream();
        await made('PUT', `/streams/${id}/pin`);
        return ['PUT', `/streams/${id}/unpin`];
    },
    'POST /streams/{id}/archive': async () => ['POST', `/streams/${(await stream()).id}/archive`],
    'POST /streams/{id}/unarchive': async () => {
        const {id} = await stream();
        await made('POST', `/streams/${id}/archive`);
        return ['POST', `/streams/${id}/unarchive`];
    },
    'PATCH /streams/batch': async () => [
        'PATCH', '/streams/batch', {body: [{id: (await stream()).id, title: name()}]},
    ],
    'POST /streams/batch': async () => [
        'POST', '/streams/batch', {body: [{id: (await stream()).id, title: name()}]},
    ],
    'POST /streams/bulk_import': async () => {
        await made('PATCH', '/features/stream_bulk_import', {body: {enabled: true}});
        return ['POST', '/streams/bulk_import', {body: [{url: url()}]}];
    },
    ...collection('/streamers', streamer, () => ({name: name()})),
    ...collection('/locations', location, () => ({city: name(), country: 'US'})),
    ...collection('/timestamps', timestamp, () => ({
        title: name(),
        event_at: '2026-02-01T12:00:00Z',
    })),
    'POST /timestamps/{id}/resolve': async () => [
        'POST', `/timestamps/${(await timestamp()).id}/resolve`,
    ],
    'POST /timestamps/{id}/dismiss': async () => [
        'POST', `/timestamps/${(await timestamp()).id}/dismiss`,
    ],
    'POST /timestamps/{id}/streams': async () => [
        'POST', `/timestamps/${(await timestamp()).id}/streams`,
        {body: {stream_id: (await stream()).id, offset_seconds: 5}},
    ],
    'DELETE /timestamps/{id}/streams/{stream_id}': async () => {
        const {id} = await timestamp();
        const {id: stream_id} = await stream();
        await made('POST', `/timestamps/${id}/streams`, {body: {stream_id}});
        return ['DELETE', `/timestamps/${id}/streams/${stream_id}`];
    },
    ...collection('/ignore_lists', entry, () => ({list_type: 'twitch_user', value: name()})),
    'POST /ignore_lists/bulk_create': () => [
        'POST', '/ignore_lists/bulk_create', {body: {entries: [{list_type: 'twitch_user', value: name()}]}},
    ],
    'DELETE /ignore_lists/bulk_delete': async () => [
        'DELETE', '/ignore_lists/bulk_delete', {body: {ids: [(await entry()).id]}},
    ],
    'POST /ignore_lists/bulk_delete': async () => [
        'POST', '/ignore_lists/bulk_delete', {body: {ids: [(await entry()).id]}},
    ],
    ...collection('/walls', wall, () => ({name: name()})),
    'POST /walls/{wall_id}/layouts': async () => layout(),
    'PATCH /walls/{wall_id}/layouts/{id}': async () => [
        'PATCH', pathOf(await layout()), {body: {name: name()}},
    ],
    'PUT /walls/{wall_id}/layouts/{id}': async () => [
        'PUT', pathOf(await layout()), {body: {name: name()}},
    ],
    'DELETE /walls/{wall_id}/layouts/{id}': async () => ['DELETE', pathOf(await layout())],
    ...collection('/users', user, () => ({email: `${name()}@example.org`, role: 'editor'})),
    'POST /users/signup': () => [
        'POST', '/users/signup', {body: {email: `${name()}@example.org`, password}, key: null},
    ],
    'POST /users/login': async () => logIn('/users/login', await user()),
    'POST /session': async () => logIn('/session', await user()),
    'DELETE /users/logout': async () => ['DELETE', '/users/logout', {key: await token()}],
    'PUT /users/me/password': async () => [
        'PUT', '/users/me/password',
        {body: {current_password: password, password: 'Better456'}, key: await token()},
    ],
    'POST /api_keys': async () => apiKey(),
    'DELETE /api_keys/{id}': async () => ['DELETE', `/api_keys/${(await apiKey()).id}`],
    'POST /api_keys/{id}/rotate': async () => ['POST', `/api_keys/${(await apiKey()).id}/rotate`],
    'POST /features': async () => flag(),
    'PATCH /features/{key}': async () => [
        'PATCH', `/features/${(await flag()).key}`, {body: {percentage_of_actors: 50}},
    ],
    'POST /features/{key}/enable': async () => ['POST', `/features/${(await flag()).key}/enable`],
    'POST /features/{key}/disable': async () => {
        const {key} = await flag();
        await made('POST', `/features/${key}/enable`);
        return ['POST', `/features/${key}/disable`];
    },
    'POST /messages': () => [
        'POST', '/messages', {body: {text: `live at ${url()}`, author: 'someone', channel: '#a'}},
    ],
    'POST /collaboration/sessions': () => [
        'POST', '/collaboration/sessions', {body: {resource: 'stream'}},
    ],
    'DELETE /session': async () => {
        const begun = await send(...logIn('/session', await user()));
        const [Cookie] = begun.headers['set-cookie'].split(';');
        const headers = {Cookie, 'X-CSRF-Token': begun.json.csrf_token};
        return ['DELETE', '/session', {key: null, headers}];
    },
    'POST /dead_letters/{id}/retry': async () => ['POST', `/dead_letters/${await letter()}/retry`],
    'DELETE /dead_letters/{id}': async () => ['DELETE', `/dead_letters/${await letter()}`],
    'POST /nodes/{node}/plugins/{plugin}/disable': () => ['POST', `${plugin}/disable`],
    'POST /nodes/{node}/plugins/{plugin}/enable': () => ['POST', `${plugin}/enable`],
    'POST /nodes/{node}/plugins/{plugin}/restart': () => ['POST', `${plugin}/restart`],
    'POST /nodes/{node}/plugins/{plugin}/reconfigure': () => [
        'POST', `${plugin}/reconfigure`, {body: {settings: {}}},
    ],
    'POST /nodes/{node}/plugins/{plugin}/reset': () => ['POST', `${plugin}/reset`],
};

// What changes nothing that is kept.
const reasons = {
    'POST /collaboration/lock': 'lives for 30 seconds; what is written under it is audited',
    'POST /collaboration/unlock': 'as the lock',
    'POST /collaboration/announce': 'a message to those who are there',
};

const description = await Description.of(host.url);
const routes = description
    .operations()
    .filter(({method}) => method !== 'get')
    .map(({method, path}) => `${method.toUpperCase()} ${path.replace(/^\/api\/v1/, '')}`);

test('every route that is no GET is either a change that is audited, or has a reason not to be', () => {
    const known = [...Object.keys(changes), ...Object.keys(reasons)];
    assert.deepEqual(
        routes.filter((route) => !known.includes(route)),
        [],
        'say here how they are called, or why they need no entry',
    );
    assert.deepEqual(known.filter((route) => !routes.includes(route)), [], 'no such routes');
});

const entriesSince = async (since) => {
    const {json} = await curl(
        `${host.url}/api/v1/audit?per_page=100&since=${encodeURIComponent(since)}`,
    );
    return json.audit;
};

for (const [route, prepare] of Object.entries(changes)) {
    test(`${route} leaves an entry with its request`, async () => {
        const since = new Date().toISOString();
        const prepared = await prepare();
        const {request, answer} = Array.isArray(prepared)
            ? await send(...prepared).then((sent) => ({request: sent.id, answer: sent}))
            : {request: prepared.request, answer: {status: 201}};
        const isRefused = answer.status >= 300 && answer.json?.code !== 'retry_failed';
        assert.ok(!isRefused, `${route}: ${answer.status} ${answer.text}`);
        const entry = await until(
            `the entry of ${request}`,
            async () => (await entriesSince(since)).find(({request_id}) => request_id === request),
            seconds(10),
        );
        assert.match(entry.action, /^[a-z_]+(\.[a-z_]+)+$/);
        assert.ok(entry.resource && entry.resource_id, JSON.stringify(entry));
        assert.ok(entry.before || entry.after, JSON.stringify(entry));
        const isStranger = Array.isArray(prepared) && prepared[2]?.key === null;
        if (!isStranger) assert.ok(entry.actor.id && entry.actor.name, JSON.stringify(entry.actor));
    });
}

test('tries to log in say who, from where and what came of it, and a lock-out says so once', async (t) => {
    const limited = await Host.start(t, {env: {STREAMWALL_RATE_LIMITS: '6000/6000/6000'}});
    const at = (route) => `${limited.url}/api/v1${route}`;
    const body = {email: 'ada@example.org', password};
    const {json: ada} = await curl(at('/users'), {method: 'POST', body});
    const wrong = {...body, password: `not ${password}`};
    const statuses = [];
    for (const sent of [body, ...Array(9).fill(wrong), body, body]) {
        const headers = {'X-Request-Id': `try-${statuses.length}`};
        const answer = await curl(at('/users/login'), {method: 'POST', body: sent, key: null, headers});
        statuses.push(answer.status);
    }
    assert.deepEqual(statuses, [200, ...Array(9).fill(401), 429, 429]);
    const audit = async () =>
        (await curl(at('/audit?per_page=100'))).json.audit
            .filter(({request_id}) => request_id?.startsWith('try-'))
            .reverse();
    await until('all entries', async () => (await audit()).length >= 11, seconds(10));
    const entries = await audit();
    assert.deepEqual(
        entries.map(({action, request_id}) => `${request_id} ${action}`),
        [
            'try-0 user.logged_in',
            ...Array.from({length: 9}, (_, n) => `try-${n + 1} user.log_in_failed`),
            'try-10 user.locked_out',
        ],
    );
    for (const entry of [entries[0], entries[1], entries[10]]) {
        assert.equal(entry.after.address, '127.0.0.1');
        assert.equal(entry.after.email, ada.email);
    }
    assert.deepEqual(entries[0].actor, {type: 'user', id: `${ada.id}`, name: 'ada'});
    assert.equal(entries[1].resource_id, `${ada.id}`, 'whose account it was');
    assert.ok(!JSON.stringify(entries).includes(password), 'no password');
});

test('a deed says how it came out', async () => {
    const before = new Date().toISOString();
    const {status} = await send('POST', `${plugin}/restart`);
    assert.equal(status, 200);
    const entry = await until('its entry', async () =>
        (await entriesSince(before)).find(({action}) => action === 'plugin.restarted'),
    );
    assert.deepEqual(
        [entry.resource, entry.resource_id, entry.after, entry.actor.name],
        ['plugin', 'main/twitch-source', {plugin: 'main/twitch-source', outcome: 'done'}, 'bootstrap'],
    );
});
