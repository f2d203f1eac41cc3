// The audit from outside: every change by whoever made it, read by administrators alone, and a chain
// that shows what somebody did to it in the database.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {curl} from './lib/curl.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const api = (route) => `${host.url}/api/v1${route}`;
const password = 'Password123';

async function expect(status, method, route, body, options = {}) {
    const answer = await curl(api(route), {method, body, ...options});
    assert.equal(answer.status, status, `${method} ${route}: ${answer.text}`);
    return answer;
}

// Nodes of their own may be later than what listens.
for (const route of ['/users', '/features', '/audit']) {
    await until(route, async () => (await curl(api(route))).status === 200, seconds(20));
}
const tokens = {};
for (const role of ['viewer', 'editor', 'admin']) {
    const email = `${role}@example.org`;
    await expect(201, 'POST', '/users', {email, password, role});
    const login = await expect(200, 'POST', '/users/login', {email, password}, {key: null});
    tokens[role] = login.json.token;
}

const audit = async (query = '') => (await expect(200, 'GET', `/audit${query}`)).json;
// The entries about a record, oldest first, once there are so many.
async function entriesOf(resource, id, count) {
    const query = `?resource=${resource}&resource_id=${id}&per_page=100`;
    return until(`${count} entries about ${resource}/${id}`, async () => {
        const {audit: entries} = await audit(query);
        return entries.length === count && entries.reverse();
    });
}
const verify = (...words) => host.command('audit', 'verify', ...words);

test('every change of a stream says who made it, what was before, and in which request', async () => {
    const as = (role, id) => ({key: tokens[role], headers: {'X-Request-Id': id}});
    const body = {url: 'https://twitch.tv/audited', title: 'one'};
    const {json: stream} = await expect(201, 'POST', '/streams', body, as('editor', 'request-1'));
    const one = `/streams/${stream.id}`;
    await expect(200, 'PATCH', one, {title: 'two', city: 'Seattle'}, as('editor', 'request-2'));
    await expect(200, 'PATCH', one, {title: 'two'}, as('editor', 'request-2b'));
    await expect(200, 'PUT', `${one}/pin`, undefined, as('admin', 'request-3'));
    await expect(204, 'DELETE', one, undefined, as('admin', 'request-4'));
    await expect(403, 'POST', '/streams', {url: 'https://twitch.tv/x'}, as('viewer', 'request-5'));

    const entries = await entriesOf('stream', stream.id, 4);
    assert.deepEqual(
        entries.map(({action, actor, request_id}) => [action, actor.name, request_id]),
        [
            ['stream.created', 'editor', 'request-1'],
            ['stream.updated', 'editor', 'request-2'],
            ['stream.pinned', 'admin', 'request-3'],
            ['stream.deleted', 'admin', 'request-4'],
        ],
    );
    const [created, updated, pinned, deleted] = entries;
    assert.equal(created.actor.type, 'user');
    assert.equal(created.before, null);
    assert.equal(created.after.url, stream.url);
    assert.equal(updated.before.title, 'one');
    assert.equal(updated.after.title, 'two');
    assert.equal(updated.after.city, 'Seattle');
    assert.deepEqual([pinned.before, pinned.after], [{pinned: false}, {pinned: true}]);
    assert.equal(deleted.before.title, 'two');
    assert.equal(deleted.after, null);
    for (const {at, hash} of entries) {
        assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.match(hash, /^[0-9a-f]{64}$/);
    }
});

test('users, keys and flags are audited, and no secret of theirs is', async () => {
    const user = (await expect(201, 'POST', '/users', {email: 'eve@example.org', password})).json;
    await expect(200, 'PATCH', `/users/${user.id}`, {role: 'editor', password: 'Better456'});
    await expect(204, 'DELETE', `/users/${user.id}`);
    const key = (await expect(201, 'POST', '/api_keys', {name: 'bot', scopes: ['admin']})).json;
    const rotated = (await expect(200, 'POST', `/api_keys/${key.id}/rotate`)).json;
    await expect(200, 'PATCH', '/features/stream_tags', {enabled: true}, {key: rotated.key});
    await expect(204, 'DELETE', `/api_keys/${key.id}`);
    const [registered, updated, removed] = await entriesOf('user', user.id, 3);
    assert.equal(registered.after.email, 'eve@example.org');
    assert.deepEqual([updated.before.role, updated.after.role], ['viewer', 'editor']);
    assert.equal(removed.before.email, 'eve@example.org');
    const keys = await entriesOf('api_key', key.id, 3);
    assert.deepEqual(
        keys.map(({action}) => action),
        ['api_key.created', 'api_key.rotated', 'api_key.revoked'],
    );
    const [flag] = await entriesOf('feature', 'stream_tags', 1);
    assert.deepEqual([flag.actor.type, flag.actor.name], ['key', 'bot'], 'a service by its name');
    const {text} = await expect(200, 'GET', '/audit?per_page=100');
    for (const secret of [password, 'Better456', 'argon2', key.key, rotated.key]) {
        assert.ok(!text.includes(secret));
    }
});

test('administrators alone read it, and nobody changes it', async () => {
    await expect(403, 'GET', '/audit', undefined, {key: tokens.viewer});
    await expect(403, 'GET', '/audit', undefined, {key: tokens.editor});
    await expect(401, 'GET', '/audit', undefined, {key: null});
    await expect(200, 'GET', '/audit', undefined, {key: tokens.admin});
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        await expect(405, method, '/audit', {});
        await expect(404, method, '/audit/1', {});
    }
});

test('it is paged and filtered, and refuses queries that are none', async () => {
    const {meta} = await audit('?per_page=2');
    assert.ok(meta.total_count > 10);
    const second = await audit('?per_page=2&page=2');
    const first = await audit('?per_page=2');
    assert.equal(second.audit[0].id, first.audit[1].id - 1, 'newest first');
    const mine = await audit('?actor=editor&per_page=100');
    assert.ok(mine.audit.length > 0);
    assert.ok(mine.audit.every(({actor}) => actor.name === 'editor'));
    assert.equal((await audit('?since=2999-01-01T00:00:00Z')).meta.total_count, 0);
    const since = encodeURIComponent(first.audit[0].at);
    assert.ok((await audit(`?since=${since}`)).meta.total_count >= 1);
    const wrong = [
        'page=0', 'page=-1', 'page=abc', 'per_page=0', 'colour=red', 'since=yesterday', 'actor=',
        'actor=a&actor=b', 'resource=%zz',
    ];
    for (const query of wrong) await expect(400, 'GET', `/audit?${query}`);
    assert.equal((await audit('?page=1000000000')).audit.length, 0);
    assert.equal((await audit("?actor=' OR 1=1 --".replaceAll(' ', '%20'))).meta.total_count, 0);
});

test('the chain is whole, also after a crash, and each change is in it once', async () => {
    const before = (await audit()).meta.total_count;
    const changes = Array.from({length: 20}, (_, n) =>
        expect(201, 'POST', '/streams', {url: `https://twitch.tv/many${n}`}),
    );
    await Promise.all(changes);
    await host.kill();
    await host.run();
    await until(
        'all of them in the audit',
        async () => (await audit()).meta.total_count === before + 20,
        seconds(30),
    );
    const {code, stdout, stderr} = await verify('--output', 'json');
    assert.equal(code, 0, stderr);
    const verdict = JSON.parse(stdout);
    assert.deepEqual([verdict.ok, verdict.entries], [true, before + 20]);
});

test('the command line lists and verifies; what somebody forged is named', async () => {
    const {stdout} = await host.command('audit', 'list', '--resource', 'feature');
    assert.match(stdout, /key\/\d+ bot {2}feature\.changed {2}feature\/stream_tags\n/);
    const whole = await verify();
    assert.equal(whole.code, 0, whole.stderr);
    const noted = whole.stdout.match(/The last: (\d+:[0-9a-f]{64})/)[1];
    assert.equal((await verify('--expect', noted)).code, 0);
    const forged = `${noted.split(':')[0]}:${'0'.repeat(64)}`;
    const refused = await verify('--expect', forged);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is not as noted/);
    // As somebody would who can write to the database.
    const store = async (method, request) => {
        const text = JSON.stringify(request);
        const {code, stdout, stderr} = await host.command('call', 'store', method, text);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
    };
    const holds = [
        {field: 'first', op: 'le', value: 5},
        {field: 'last', op: 'ge', value: 5},
    ];
    const query = {collection: 'audit_pages', filter: {and: holds}};
    const [page] = (await store('query', query)).records;
    const change = (entries) =>
        store('apply', {
            changes: [{op: 'update', collection: 'audit_pages', id: page.id, set: {entries}}],
        });
    const lines = page.entries.split('\n');
    lines[5 - page.first] = lines[5 - page.first].replace('"request_id":"', '"request_id":"x');
    assert.notEqual(lines.join('\n'), page.entries);
    await change(lines.join('\n'));
    const broken = await verify();
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /entry 5 was changed/);
    await change(page.entries);
    assert.equal((await verify()).code, 0);
});
