// What becomes of streams over time and in numbers: synonyms of old clients, the archive, history
// and figures, pages that stay stable, and all of them out and in again.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api, fetched} from './lib/api.mjs';
import {apiKey} from './lib/host.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const api = new Api(host);
const url = (name) => `https://twitch.tv/${name}`;

async function raw(method, route, {body, type} = {}) {
    const headers = {Authorization: `Bearer ${apiKey}`};
    if (type) headers['Content-Type'] = type;
    const signal = AbortSignal.timeout(seconds(20));
    return fetched(`${host.url}/api/v1${route}`, {method, headers, body, signal});
}
const lines = (text) => text.trim().split('\n').map((line) => JSON.parse(line));

test('the names that old clients use mean the fields', async () => {
    const made = await api.create({
        stream: {link: 'http://www.twitch.tv/Synonym', is_pinned: true, status: 'LIVE'},
    });
    assert.equal(made.url, url('synonym'));
    assert.equal(made.pinned, true);
    assert.equal(made.status, 'live');
    const time = '2026-01-31T12:34:56.789Z';
    for (const [body, field, value] of [
        [{checked_at: time}, 'last_checked_at', time],
        [{last_checked: time}, 'last_checked', time],
        [{pinned: false}, 'pinned', false],
        [{is_archived: true}, 'archived', true],
        [{stream: {is_archived: false}}, 'archived', false],
        [{status: 'Archived'}, 'archived', true],
        [{location: {city: 'Austin', state_province: 'TX'}, is_archived: false}, 'state', 'TX'],
        [{kind: 'WEB'}, 'kind', 'web'],
        [{platform: 'Kick'}, 'platform', 'kick'],
    ]) {
        const changed = await api.expect(200, 'PATCH', `/streams/${made.id}`, body);
        assert.equal(changed[field], value, JSON.stringify(body));
    }
    await api.expect(200, 'PATCH', `/streams/${made.id}`, {colour: 'red'});
    const strict = await api.request('PATCH', `/streams/${made.id}?strict=1`, {colour: 'red'});
    assert.equal(strict.status, 422);
    assert.equal(strict.body.errors[0].field, 'colour');
});

test('a stream goes into the archive and back; its URL may be used meanwhile', async () => {
    const made = await api.create({url: url('archived')});
    const archived = await api.expect(200, 'POST', `/streams/${made.id}/archive`);
    assert.equal(archived.archived, true);
    assert.deepEqual(await api.withUrl(made.url), []);
    const second = await api.create({url: made.url});
    assert.notEqual(second.id, made.id, 'only archived ones match: a new one is made');
    assert.equal((await api.request('POST', `/streams/${made.id}/unarchive`)).status, 409);
    await api.expect(200, 'POST', `/streams/${second.id}/archive`);
    assert.equal((await api.expect(200, 'POST', `/streams/${made.id}/unarchive`)).archived, false);
    await api.expect(404, 'POST', '/streams/999999/archive');
});

test('the history tells each change of the status, newest first, and figures come from it', async () => {
    const made = await api.create({url: url('history')});
    for (const status of ['live', 'offline', 'live']) {
        await api.expect(200, 'PATCH', `/streams/${made.id}`, {status});
    }
    await api.expect(200, 'PATCH', `/streams/${made.id}`, {title: 'not a change of status'});
    await api.expect(200, 'POST', `/streams/${made.id}/archive`);
    const {history, meta} = await api.expect(200, 'GET', `/streams/${made.id}/history`);
    assert.deepEqual(
        history.map(({previous_status, status, archived}) => [previous_status, status, archived]),
        [
            ['live', 'live', true],
            ['offline', 'live', false],
            ['live', 'offline', false],
            ['unknown', 'live', false],
        ],
    );
    assert.equal(meta.total_count, 4);
    assert.ok(history[0].changed_by);
    const paged = await api.expect(200, 'GET', `/streams/${made.id}/history?per_page=3`);
    const cursor = encodeURIComponent(paged.meta.next_cursor);
    const rest = await api.expect(
        200,
        'GET',
        `/streams/${made.id}/history?per_page=3&cursor=${cursor}`,
    );
    assert.deepEqual([...paged.history, ...rest.history], history);
    const figures = await api.expect(200, 'GET', `/streams/${made.id}/analytics`);
    assert.equal(figures.status_changes, 3);
    assert.equal(figures.live_sessions, 2);
    assert.equal(figures.from, made.created_at);
    await api.expect(400, 'GET', `/streams/${made.id}/analytics?days=0`);
    await api.expect(404, 'GET', '/streams/999999/history');
    await api.expect(404, 'GET', '/streams/999999/analytics');
});

test('a cursor gives each stream once though others are made meanwhile', async () => {
    const ids = [];
    for (let n = 0; n < 12; n += 1) {
        ids.push((await api.create({url: url(`cursor${n}`), source: 'cursor'})).id);
    }
    const seen = [];
    let cursor = '';
    for (let round = 0; ; round += 1) {
        const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        const page = await api.expect(200, 'GET', `/streams?source=cursor&per_page=5${from}`);
        seen.push(...page.streams.map(({id}) => id));
        cursor = page.meta.next_cursor;
        if (!cursor) break;
        await api.create({url: url(`between${round}`), source: 'cursor'});
    }
    assert.deepEqual(seen, ids.toReversed());
});

test('streams go out in three formats, more of them than one page holds', async () => {
    const body = Array.from({length: 620}, (_, n) => ({
        url: url(`export${n}`),
        source: 'export',
        title: n === 0 ? '=HYPERLINK("x")' : `title, ${n}`,
    }));
    const made = await raw('POST', '/streams/bulk_import', {
        body: JSON.stringify({streams: body}),
        type: 'application/json',
    });
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(lines(made.text).at(-1), {done: true, created: 620, known: 0, refused: 0});
    const list = await raw('GET', '/streams/export?source=export');
    assert.equal(list.status, 200);
    const {streams} = JSON.parse(list.text);
    assert.equal(streams.length, 620);
    assert.deepEqual(streams[0], await api.get(streams[0].id));
    const ndjson = await raw('GET', '/streams/export?source=export&format=ndjson');
    assert.deepEqual(lines(ndjson.text), streams);
    const csv = await raw('GET', '/streams/export?source=export&format=csv');
    assert.match(csv.headers.get('content-type'), /^text\/csv/);
    const rows = csv.text.trimEnd().split('\r\n');
    assert.equal(rows.length, 621);
    assert.ok(rows[1].includes(`"'=HYPERLINK(""x"")"`), rows[1]);
    for (const query of ['?format=xml', '?page=2', '?colour=red']) {
        assert.equal((await raw('GET', `/streams/export${query}`)).status, 400, query);
    }
});

test('lines come in one by one, and a refused one stops no other', async () => {
    const body = [{url: url('line1')}, {url: 'nonsense'}, {url: url('line1')}]
        .map((item) => JSON.stringify(item))
        .join('\n');
    const type = 'application/x-ndjson';
    const answer = await raw('POST', '/streams/bulk_import', {body: `${body}\n{oops`, type});
    assert.equal(answer.status, 200, answer.text);
    const [first, second, third, broken, last] = lines(answer.text);
    assert.equal(second.status, 422);
    assert.equal(second.error.errors[0].field, 'url');
    assert.equal(broken.status, 400);
    assert.deepEqual([first.status, third.status].toSorted(), [200, 201], 'made once');
    assert.deepEqual([last.created, last.known, last.refused], [1, 1, 2]);
});

test('a flag switches export, import and figures off', async () => {
    for (const [flag, method, route, body] of [
        ['stream_export', 'GET', '/streams/export'],
        ['stream_bulk_import', 'POST', '/streams/bulk_import', []],
        ['stream_analytics', 'GET', '/streams/1/analytics'],
    ]) {
        await api.expect(200, 'POST', `/features/${flag}/disable`);
        const off = await api.request(method, route, body);
        assert.equal(off.status, 403, flag);
        assert.equal(off.body.code, 'feature_disabled');
        await api.expect(200, 'POST', `/features/${flag}/enable`);
    }
});
