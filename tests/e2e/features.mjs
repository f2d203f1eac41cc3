// Feature flags from outside: who may switch them, what a switch does, and how soon everywhere.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {curl} from './lib/curl.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const api = (route, {url} = host) => `${url}/api/v1${route}`;
const password = 'Password123';

const send = (method, route, body, key = undefined) => curl(api(route), {method, body, key});
async function expect(status, method, route, body, key) {
    const answer = await send(method, route, body, key);
    assert.equal(answer.status, status, `${method} ${route}: ${answer.text}`);
    return answer;
}

// Nodes of their own may be later than what listens.
for (const route of ['/users', '/features']) {
    await until(route, async () => (await send('GET', route)).status === 200, seconds(20));
}
const tokens = {};
for (const role of ['viewer', 'editor', 'admin']) {
    const email = `${role}@example.org`;
    await expect(201, 'POST', '/users', {email, password, role});
    tokens[role] = (await expect(200, 'POST', '/users/login', {email, password}, null)).json.token;
}
const enable = (key, nodes) => expect(200, 'POST', `/features/${key}/enable`, nodes && {nodes});
const disable = (key, nodes) => expect(200, 'POST', `/features/${key}/disable`, nodes && {nodes});

test('the flags of the old system are there from the start', async () => {
    const {json} = await expect(200, 'GET', '/features');
    assert.deepEqual(
        json.features.map(({key, enabled}) => [key, enabled]),
        [
            ['location_validation', false],
            ['maintenance_mode', false],
            ['stream_analytics', true],
            ['stream_bulk_import', true],
            ['stream_export', true],
            ['stream_tags', false],
        ],
    );
    assert.equal(json.meta.total_count, 6);
    const [flag] = json.features;
    assert.deepEqual(
        [flag.nodes, flag.roles, flag.users, flag.percentage_of_actors, flag.percentage_of_time],
        [[], [], [], null, null],
    );
});

test('administrators alone see and change them', async () => {
    const attempts = [
        ['GET', '/features'],
        ['GET', '/features/stream_tags'],
        ['POST', '/features', {key: 'mine'}],
        ['PATCH', '/features/stream_tags', {enabled: true}],
        ['POST', '/features/stream_tags/enable'],
        ['POST', '/features/stream_tags/disable'],
    ];
    for (const [method, route, body] of attempts) {
        for (const role of ['viewer', 'editor']) {
            await expect(403, method, route, body, tokens[role]);
        }
        await expect(401, method, route, body, null);
    }
    assert.equal((await expect(200, 'GET', '/features/stream_tags')).json.enabled, false);
    await expect(200, 'GET', '/features', undefined, tokens.admin);
});

test('labels are part of every stream, whatever the older flag for tags says', async () => {
    const {json} = await expect(200, 'GET', '/features/stream_tags');
    for (const isOn of [!json.enabled, json.enabled]) {
        await expect(200, 'POST', `/features/stream_tags/${isOn ? 'enable' : 'disable'}`);
        const labels = [isOn ? 'with' : 'without'];
        const url = `https://twitch.tv/labelled${labels}`;
        const made = await expect(201, 'POST', '/streams', {url, labels}, tokens.editor);
        const read = await expect(200, 'GET', `/streams/${made.json.id}`, undefined, tokens.viewer);
        assert.deepEqual(read.json.labels, labels);
        assert.equal('tags' in read.json, false);
    }
});

test('a flag is made, changed in the version that was meant, and read', async () => {
    const made = await expect(201, 'POST', '/features', {key: 'new_wall', roles: ['editor']});
    assert.equal(made.headers.location, '/api/v1/features/new_wall');
    assert.deepEqual([made.json.enabled, made.json.roles], [false, ['editor']]);
    const again = await expect(409, 'POST', '/features', {key: 'new_wall'});
    assert.equal(again.json.errors[0].field, 'key');
    const guarded = {'If-Match': made.headers.etag};
    const change = (body) =>
        curl(api('/features/new_wall'), {method: 'PATCH', body, headers: guarded});
    const answers = await Promise.all([change({users: [1]}), change({users: [2]})]);
    assert.deepEqual(answers.map(({status}) => status).sort(), [200, 412]);
    const {json, headers} = await expect(200, 'GET', '/features/new_wall');
    assert.equal(json.version, 2);
    const unchanged = await curl(api('/features/new_wall'), {
        headers: {'If-None-Match': headers.etag},
    });
    assert.equal(unchanged.status, 304);
    await expect(404, 'GET', '/features/unknown');
    await expect(404, 'PATCH', '/features/unknown', {enabled: true});
    await expect(404, 'POST', '/features/unknown/enable');
});

test('each field that is wrong is named, and nothing is half done', async () => {
    const cases = [
        [{enabled: 'yes'}, 'enabled'],
        [{nodes: 'core'}, 'nodes'],
        [{nodes: ['']}, 'nodes'],
        [{nodes: [5]}, 'nodes'],
        [{nodes: ["core'; --"]}, 'nodes'],
        [{roles: ['owner']}, 'roles'],
        [{roles: {admin: true}}, 'roles'],
        [{users: ['1']}, 'users'],
        [{users: [0]}, 'users'],
        [{users: [1.5]}, 'users'],
        [{percentage_of_actors: 101}, 'percentage_of_actors'],
        [{percentage_of_actors: '25'}, 'percentage_of_actors'],
        [{percentage_of_time: -1}, 'percentage_of_time'],
        [{percentage_of_time: 0.5}, 'percentage_of_time'],
    ];
    const before = (await expect(200, 'GET', '/features/stream_tags')).text;
    for (const [body, field] of cases) {
        const both = {enabled: true, ...body};
        const refused = await expect(422, 'PATCH', '/features/stream_tags', both);
        assert.deepEqual(refused.json.errors.map((error) => error.field), [field]);
    }
    for (const nodes of ['core', 5, [5], [''], {}]) {
        const refused = await expect(422, 'POST', '/features/stream_tags/enable', {nodes});
        assert.equal(refused.json.errors[0].field, 'nodes');
    }
    const keys = [undefined, null, 5, '', 'A', 'a-b', 'a b', '../x', 'x'.repeat(64)];
    for (const key of keys) {
        const refused = await expect(422, 'POST', '/features', {key});
        assert.equal(refused.json.errors[0].field, 'key');
    }
    for (const body of ['', '[]', '5', '{', '{"a":1,"a":2}', '{"a":"\\u0000"}', '{"a":1e999}']) {
        await expect(400, 'PATCH', '/features/stream_tags', body);
    }
    const strict = await expect(422, 'PATCH', '/features/stream_tags?strict=1', {colour: 'red'});
    assert.equal(strict.json.errors[0].field, 'colour');
    for (const query of ['page=0', 'page=x', 'per_page=-1', 'colour=red']) {
        await expect(400, 'GET', `/features?${query}`);
    }
    assert.equal((await expect(200, 'GET', '/features/stream_tags')).text, before);
});

test('many who switch a flag for one node each lose none of these changes', async () => {
    const nodes = Array.from({length: 10}, (_, n) => `node-${n}`);
    await Promise.all(nodes.map((node) => enable('stream_tags', [node])));
    const {json} = await expect(200, 'GET', '/features/stream_tags');
    assert.deepEqual(json.nodes, nodes);
    await Promise.all(nodes.map((node) => disable('stream_tags', [node])));
    const off = (await expect(200, 'GET', '/features/stream_tags')).json;
    assert.deepEqual([off.enabled, off.nodes], [false, []]);
});

// What maintenance says to a user of that role on one listener.
async function asked(listener, role, method = 'GET', route = '/streams') {
    return curl(api(route, listener), {method, key: role && tokens[role]});
}

test('maintenance turns all but administrators away, everywhere within a second', async () => {
    const listeners = host.listeners();
    for (const listener of listeners) {
        assert.equal((await asked(listener, 'viewer')).status, 200);
    }
    await enable('maintenance_mode');
    const started = performance.now();
    const away = await asked(host, 'viewer');
    assert.equal(away.status, 503, 'where it was switched on, at once');
    for (const listener of listeners) {
        const is = async () => (await asked(listener, 'editor')).status === 503;
        await until('maintenance', is, seconds(1));
    }
    assert.ok(performance.now() - started < seconds(1));
    assert.deepEqual([away.json.code, away.json.maintenance], ['maintenance', true]);
    assert.match(away.headers['retry-after'], /^[1-9]\d*$/);
    assert.match(away.headers['content-type'], /^application\/problem\+json/);
    for (const listener of listeners) {
        assert.equal((await asked(listener, null)).status, 401, 'who, before whether');
        assert.equal((await asked(listener, 'admin')).status, 200);
        assert.equal((await asked(listener, 'viewer', 'GET', '/users/me')).status, 503);
        for (const path of ['/health', '/health/live', '/metrics', '/openapi.json']) {
            const open = await curl(listener.url + path, {key: null});
            assert.equal(open.status, 200, path);
        }
    }
    const body = {email: 'viewer@example.org', password};
    await expect(200, 'POST', '/users/login', body, null);
    await expect(503, 'POST', '/users/signup', {email: 'new@example.org', password}, null);
    await disable('maintenance_mode');
    for (const listener of listeners) {
        const over = async () => (await asked(listener, 'viewer')).status === 200;
        await until('the end of maintenance', over, seconds(1));
    }
});

test('a flag that is on for a role or a node is on for these alone', async () => {
    await expect(200, 'PATCH', '/features/maintenance_mode', {enabled: true, roles: ['viewer']});
    await until('the gate', async () => (await asked(host, 'viewer')).status === 503, seconds(1));
    assert.equal((await asked(host, 'editor')).status, 200);
    await expect(200, 'PATCH', '/features/maintenance_mode', {roles: [], enabled: false});
    const listeners = host.listeners();
    const last = listeners.at(-1);
    const node = listeners.length > 1 ? last.name : 'main';
    await enable('maintenance_mode', [node]);
    await until('the node', async () => (await asked(last, 'viewer')).status === 503, seconds(1));
    for (const listener of listeners.slice(0, -1)) {
        assert.equal((await asked(listener, 'viewer')).status, 200);
    }
    await disable('maintenance_mode', [node]);
    await until('its end', async () => (await asked(last, 'viewer')).status === 200, seconds(1));
});

test('a change is one event with who made it', async () => {
    await expect(200, 'PATCH', '/features/stream_export', {enabled: false}, tokens.admin);
    await expect(200, 'PATCH', '/features/stream_export', {enabled: false}, tokens.admin);
    await enable('stream_export');
    const events = (await host.events('feature.changed')).filter(
        ({subject}) => subject === 'feature/stream_export',
    );
    assert.deepEqual(
        events.map(({data}) => data.changes),
        [{enabled: {from: true, to: false}}, {enabled: {from: false, to: true}}],
    );
    assert.equal(events[0].metadata.actor.type, 'user');
    assert.equal(events[0].metadata.actor.name, 'admin');
});

test('flags outlive a crash', async () => {
    await expect(200, 'PATCH', '/features/stream_tags', {enabled: true, percentage_of_actors: 30});
    const before = (await expect(200, 'GET', '/features')).text;
    await host.kill();
    await host.run();
    const now = await until('flags', async () => {
        const answer = await send('GET', '/features');
        return answer.status === 200 && answer.text;
    }, seconds(20));
    assert.equal(now, before);
});

test('users and keys outlive a crash in the moment after they were made', async () => {
    const email = 'crash@example.org';
    await expect(201, 'POST', '/users', {email, password, role: 'editor'});
    const named = {name: 'crash', scopes: ['streams:read']};
    const {json: made} = await expect(201, 'POST', '/api_keys', named);
    await host.kill();
    await host.run();
    const stream = {url: 'https://twitch.tv/after_the_crash'};
    await until(
        'the key',
        async () => (await send('GET', '/streams', undefined, made.key)).status === 200,
        seconds(20),
    );
    const {json: login} = await expect(200, 'POST', '/users/login', {email, password}, null);
    assert.equal(login.user.role, 'editor');
    await expect(201, 'POST', '/streams', stream, login.token);
    await expect(403, 'POST', '/streams', {url: `${stream.url}2`}, made.key);
});

test('the command line shows and switches them', async () => {
    const said = async (...words) => {
        const {code, stdout, stderr} = await host.command('features', ...words);
        assert.equal(code, 0, stderr);
        return stdout;
    };
    const streams = () => asked(host, 'viewer');
    assert.equal(await said('enable', 'maintenance_mode'), 'maintenance_mode  on\n');
    await until('maintenance', async () => (await streams()).status === 503, seconds(1));
    assert.equal(await said('disable', 'maintenance_mode'), 'maintenance_mode  off\n');
    await until('its end', async () => (await streams()).status === 200, seconds(1));
    assert.equal(
        await said('set', 'stream_export', '--roles', 'editor,admin', '--actors', '25'),
        'stream_export  on  roles admin,editor  25% of actors\n',
    );
    const list = JSON.parse(await said('list', '--output', 'json'));
    assert.equal(list.length, 7);
    const unknown = await host.command('features', 'enable', 'unknown');
    assert.equal(unknown.code, 1);
});
