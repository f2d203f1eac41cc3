// The REST interface through curl: what the contract promises of /api/v1/streams and of every answer.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {curl} from './lib/curl.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

// One system for the file; each test uses URLs of its own.
const host = await startTopology({after}, chosenTopology);

const streams = (rest = '') => `${host.url}/api/v1/streams${rest}`;

async function created(body) {
    const answer = await curl(streams(), {method: 'POST', body});
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}

function assertProblem(answer, status) {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    for (const field of ['type', 'title', 'detail', 'instance', 'error', 'code', 'request_id']) {
        assert.equal(typeof answer.json[field], 'string', `problem has "${field}"`);
    }
    assert.equal(answer.json.status, status);
    assert.equal(answer.json.request_id, answer.headers['x-request-id']);
}

test('without a key, or with a wrong one, everything is 401 and says how to authenticate', async () => {
    for (const key of [null, 'wrong', `${'x'.repeat(300)}`]) {
        for (const [method, path] of [
            ['GET', ''],
            ['POST', ''],
            ['GET', '/1'],
            ['DELETE', '/1'],
        ]) {
            const answer = await curl(streams(path), {method, key});
            assertProblem(answer, 401);
            assert.match(answer.headers['www-authenticate'], /^Bearer/);
        }
    }
});

test('health, metrics and the API description are open', async () => {
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/openapi.json']) {
        assert.equal((await curl(host.url + path, {key: null})).status, 200, path);
    }
    const {json} = await curl(`${host.url}/openapi.json`, {key: null});
    assert.equal(json.openapi, '3.0.3');
    assert.ok(
        json.paths['/api/v1/streams'].post,
        'the description lists the routes that are there',
    );
});

test('what is asked of the interface is measured under the names of its routes', async () => {
    await curl(streams('/4711'));
    const {text} = await curl(`${host.url}/metrics`, {key: null});
    const labels = ['method="GET"', 'endpoint="/api/v1/streams/{id}"'];
    const find = (name, more) =>
        text
            .split('\n')
            .find((line) => line.startsWith(`${name}{`) && more.every((label) => line.includes(label)));
    const counted = find('streamwall_rest_api_requests_total', [...labels, 'status="404"']);
    assert.ok(Number(counted?.split(' ').at(-1)) >= 1, counted);
    assert.ok(find('streamwall_rest_api_request_duration_seconds_count', labels));
});

test('creating answers 201 with Location; creating the same again answers 200 with the same record', async () => {
    const body = {url: 'https://www.twitch.tv/Creator?utm_source=x', title: 'one'};
    const first = await curl(streams(), {method: 'POST', body});
    assert.equal(first.status, 201, first.text);
    assert.equal(first.headers.location, `/api/v1/streams/${first.json.id}`);
    assert.equal(first.json.url, 'https://twitch.tv/creator');
    assert.equal(first.json.link, first.json.url);
    assert.equal(first.json.version, 1);
    assert.equal(first.json.platform, 'twitch');
    assert.match(first.json.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const again = await curl(streams(), {
        method: 'POST',
        body: {url: 'http://m.twitch.tv/creator/', title: 'two'},
    });
    assert.equal(again.status, 200, again.text);
    assert.deepEqual(again.json, first.json, 'a known URL changes nothing');

    const read = await curl(streams(`/${first.json.id}`));
    assert.equal(read.headers.etag, '"1"');
    assert.deepEqual(read.json, first.json);
});

test('a list filters, pages and sorts', async () => {
    for (const n of [1, 2, 3, 4, 5]) {
        await created({
            url: `https://kick.com/lister${n}`,
            title: `lister ${n}`,
            city: n % 2 ? 'Odd' : 'Even',
        });
    }
    const page = await curl(streams('?platform=kick&per_page=2&page=2&sort=title&direction=desc'));
    assert.equal(page.status, 200, page.text);
    assert.deepEqual(
        page.json.streams.map(({title}) => title),
        ['lister 3', 'lister 2'],
    );
    const {current_page, per_page, total_pages, total_count} = page.json.meta;
    assert.deepEqual(
        {current_page, per_page, total_pages, total_count},
        {current_page: 2, per_page: 2, total_pages: 3, total_count: 5},
    );
    assert.match(page.headers.link, /rel="?next"?/);

    const titles = async (query) =>
        (await curl(streams(query))).json.streams.map(({title}) => title).sort();
    assert.deepEqual(await titles('?platform=kick&city=Even'), ['lister 2', 'lister 4']);
    assert.deepEqual(await titles('?platform=KICK&search=LIST%205'), ['lister 5']);
    for (const notWild of ['l_ster', '%25ister', '*ister']) {
        assert.deepEqual(await titles(`?platform=kick&search=${notWild}`), [], notWild);
    }
    assert.deepEqual(await titles('?platform=youtube,rumble'), []);
    assert.deepEqual(await titles('?url=kick.com/Lister1'), ['lister 1']);
    const past = await curl(streams('?platform=kick&page=99'));
    assert.deepEqual([past.status, past.json.streams], [200, []]);
    assert.equal((await curl(streams('?per_page=1000'))).json.meta.per_page, 100, 'clamped');
});

test('a list follows its cursor to the end, each record once', async () => {
    for (const n of [1, 2, 3]) await created({url: `https://rumble.com/cursor${n}`});
    const seen = [];
    let query = '?platform=rumble&per_page=1&cursor=';
    for (let turn = 0; query && turn < 10; turn += 1) {
        const {json, status, text} = await curl(streams(query));
        assert.equal(status, 200, text);
        seen.push(...json.streams.map(({id}) => id));
        query =
            json.meta.next_cursor &&
            `?platform=rumble&per_page=1&cursor=${encodeURIComponent(json.meta.next_cursor)}`;
    }
    assert.equal(seen.length, 3);
    assert.equal(new Set(seen).size, 3);
});

test('a wrong query is 400, never silently ignored', async () => {
    for (const query of [
        '?page=0',
        '?page=-1',
        '?page=x',
        '?per_page=0',
        '?sort=colour',
        '?nonsense=1',
        '?status=sleeping',
        '?direction=up',
    ]) {
        assertProblem(await curl(streams(query)), 400);
    }
});

test('PATCH honours If-Match: 200 with the current version, 412 with an old one', async () => {
    const {id} = await created({url: 'https://twitch.tv/etagged'});
    const patch = (etag, title) =>
        curl(streams(`/${id}`), {method: 'PATCH', body: {title}, headers: {'If-Match': etag}});
    const good = await patch('"1"', 'new');
    assert.equal(good.status, 200, good.text);
    assert.equal(good.headers.etag, '"2"');
    assert.deepEqual([good.json.title, good.json.version], ['new', 2]);
    assertProblem(await patch('"1"', 'late'), 412);
    assert.equal((await curl(streams(`/${id}`))).json.title, 'new');
    const fresh = await curl(streams(`/${id}`), {headers: {'If-None-Match': '"2"'}});
    assert.deepEqual([fresh.status, fresh.text], [304, '']);
});

test('a body that breaks the rules is 422 and names its fields; a broken one is 400', async () => {
    const cases = [
        [{}, 'url'],
        [{url: 'ftp://example.com/x'}, 'url'],
        [{url: 'https://user:secret@example.com/'}, 'url'],
        [{url: 'https://twitch.tv/rules', title: 'x'.repeat(501)}, 'title'],
        [{url: 'https://twitch.tv/rules', status: 'asleep'}, 'status'],
        [{url: 'https://twitch.tv/rules', orientation: 'sideways'}, 'orientation'],
        [{url: 'https://twitch.tv/rules', labels: 'no list'}, 'labels'],
    ];
    for (const [body, field] of cases) {
        const answer = await curl(streams(), {method: 'POST', body});
        assertProblem(answer, 422);
        const named = answer.json.errors.find((error) => error.field === field);
        assert.ok(named, `${JSON.stringify(body).slice(0, 80)} → ${answer.text}`);
        assert.equal(typeof named.code, 'string');
        assert.equal(typeof named.message, 'string');
    }
    for (const body of [
        '{"url":',
        '{"url":"https://twitch.tv/a","url":"https://twitch.tv/b"}',
        '[1e999]',
    ]) {
        assertProblem(await curl(streams(), {method: 'POST', body}), 400);
    }
    assert.equal((await curl(streams('?url=twitch.tv/rules'))).json.meta.total_count, 0);
});

test('a URL in use is 409 for another record', async () => {
    await created({url: 'https://twitch.tv/taken'});
    const {id} = await created({url: 'https://twitch.tv/mover'});
    assertProblem(
        await curl(streams(`/${id}`), {method: 'PATCH', body: {url: 'twitch.tv/x'}}),
        422,
    );
    assertProblem(
        await curl(streams(`/${id}`), {method: 'PATCH', body: {url: 'https://twitch.tv/Taken'}}),
        409,
    );
});

test('DELETE answers 204 and the record is gone', async () => {
    const {id} = await created({url: 'https://twitch.tv/leaving'});
    const gone = await curl(streams(`/${id}`), {method: 'DELETE'});
    assert.deepEqual([gone.status, gone.text], [204, '']);
    assertProblem(await curl(streams(`/${id}`)), 404);
    assertProblem(await curl(streams(`/${id}`), {method: 'DELETE'}), 404);
    const again = await created({url: 'https://twitch.tv/leaving'});
    assert.ok(again.id > id, 'an id is never used again');
});

test('pinned streams come first until they are unpinned', async () => {
    const first = await created({url: 'https://youtube.com/@pinfirst/live'});
    const second = await created({url: 'https://youtube.com/@pinsecond/live'});
    const order = async () =>
        (await curl(streams('?platform=youtube'))).json.streams.map(({id}) => id);
    assert.deepEqual(await order(), [second.id, first.id], 'newest first');
    const pinned = await curl(streams(`/${first.id}/pin`), {method: 'PUT'});
    assert.deepEqual([pinned.status, pinned.json.pinned], [200, true]);
    assert.deepEqual(await order(), [first.id, second.id]);
    for (const [method, path] of [
        ['PUT', 'unpin'],
        ['DELETE', 'pin'],
    ]) {
        await curl(streams(`/${first.id}/pin`), {method: 'PUT'});
        const unpinned = await curl(streams(`/${first.id}/${path}`), {method});
        assert.deepEqual([unpinned.status, unpinned.json.pinned], [200, false]);
    }
    assert.deepEqual(await order(), [second.id, first.id]);
});

test('unknown paths are 404, wrong methods 405 with Allow, wrong types 415, unknown versions 406', async () => {
    assertProblem(await curl(`${host.url}/nowhere`), 404);
    const wrong = await curl(streams(), {method: 'DELETE'});
    assertProblem(wrong, 405);
    assert.match(wrong.headers.allow, /GET/);
    assert.match(wrong.headers.allow, /POST/);
    assertProblem(
        await curl(streams(), {
            method: 'POST',
            body: 'url=x',
            headers: {'Content-Type': 'text/plain'},
        }),
        415,
    );
    assertProblem(
        await curl(streams(), {headers: {Accept: 'application/vnd.streamwall.v9+json'}}),
        406,
    );
    assert.equal(
        (await curl(streams(), {headers: {Accept: 'application/vnd.streamwall.v1+json'}})).status,
        200,
    );
});

test("every answer has a request id: the caller's where it is well-formed, else a new one", async () => {
    const id = async (headers) => (await curl(streams(), {headers})).headers['x-request-id'];
    assert.equal(await id({'X-Request-Id': 'Trace_1.a-b'}), 'Trace_1.a-b');
    for (const bad of ['has space', 'x'.repeat(65), '<script>']) {
        const made = await id({'X-Request-Id': bad});
        assert.match(made, /^[A-Za-z0-9._-]{1,64}$/);
        assert.notEqual(made, bad);
    }
    assert.notEqual(await id({}), await id({}));
    assert.equal((await curl(streams())).headers['x-content-type-options'], 'nosniff');
});
