// What programs written for the old interface count on, as a client with a credential and nothing
// else sees it: fields, times, words and races.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api, fetched} from './lib/api.mjs';
import {apiKey} from './lib/host.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

const host = await startTopology({after}, chosenTopology);
const api = new Api(host);
const everywhere = host.listeners().map((listener) => new Api(listener));
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test('all eight fields of a report come back unchanged', async () => {
    const sent = {
        url: 'https://twitch.tv/reported',
        platform: 'twitch',
        status: 'live',
        city: 'Seattle',
        state: 'WA',
        posted_by: 'somebody',
        source: 'discord',
        external_id: 'message-1',
    };
    const made = await api.create(sent);
    for (const {url} of host.listeners()) {
        const read = await new Api({url}).get(made.id);
        for (const [name, value] of Object.entries(sent)) assert.equal(read[name], value, name);
        assert.equal(read.link, sent.url);
    }
});

test('50 clients that post one new URL make one stream, and each is told which', async () => {
    const answers = await Promise.all(
        Array.from({length: 50}, (_, n) =>
            everywhere[n % everywhere.length].request('POST', '/streams', {
                url: `https://${['', 'www.', 'm.'][n % 3]}twitch.tv/${n % 2 ? 'Race' : 'race'}`,
            }),
        ),
    );
    const statuses = answers.map(({status}) => status).sort();
    assert.deepEqual(statuses, [...Array(49).fill(200), 201]);
    assert.equal(new Set(answers.map(({body}) => body.id)).size, 1);
    assert.equal((await api.withUrl('https://twitch.tv/race')).length, 1);
});

test('of changes that mean one version, one is made and the others are told', async () => {
    const {id} = await api.create({url: 'https://twitch.tv/versions'});
    const answers = await Promise.all(
        Array.from({length: 10}, (_, n) =>
            everywhere[n % everywhere.length].request(
                'PATCH',
                `/streams/${id}`,
                {title: `by ${n}`},
                {'If-Match': '"1"'},
            ),
        ),
    );
    const statuses = answers.map(({status}) => status).sort();
    assert.deepEqual(statuses, [200, ...Array(9).fill(412)]);
    const winner = answers.find(({status}) => status === 200).body;
    const stream = await api.get(id);
    assert.deepEqual([stream.version, stream.title], [2, winner.title]);
});

test('a check changes what it says and nothing else', async () => {
    const before = await api.create({url: 'https://twitch.tv/checked', title: 'kept', city: 'Boston'});
    const checked = '2026-01-31T12:34:56.789Z';
    const changed = await api.expect(200, 'PATCH', `/streams/${before.id}`, {
        status: 'live',
        last_checked: checked,
    });
    const differs = Object.keys(changed).filter(
        (name) => JSON.stringify(changed[name]) !== JSON.stringify(before[name]),
    );
    const may = ['status', 'last_checked', 'last_checked_at', 'last_live_at', 'started_at'];
    const does = ['updated_at', 'version'];
    assert.deepEqual(
        differs.filter((name) => !may.includes(name)).sort(),
        does,
    );
    assert.deepEqual([changed.status, changed.last_checked_at], ['live', checked]);
    assert.ok(changed.updated_at >= before.updated_at);
});

test('times follow from what becomes of a stream, where nobody names them', async () => {
    const times = ['last_checked_at', 'last_live_at', 'started_at', 'ended_at'];
    const set = (stream) => times.filter((name) => stream[name] !== null);
    const unseen = await api.create({url: 'https://twitch.tv/times_unseen'});
    assert.deepEqual(set(unseen), []);
    const dark = await api.create({url: 'https://twitch.tv/times_dark', status: 'offline'});
    assert.deepEqual(set(dark), ['last_checked_at']);
    const live = await api.create({url: 'https://twitch.tv/times_live', status: 'live'});
    assert.deepEqual(set(live), ['last_checked_at', 'last_live_at', 'started_at']);
    const patch = (body) => api.expect(200, 'PATCH', `/streams/${live.id}`, body);
    assert.equal((await patch({status: 'live'})).version, live.version, 'nothing is new');
    const ended = await patch({status: 'offline'});
    assert.deepEqual(set(ended), times);
    assert.deepEqual([ended.last_live_at, ended.started_at], [live.last_live_at, live.started_at]);
    assert.ok(ended.ended_at >= live.started_at);
    const archived = await api.expect(200, 'POST', `/streams/${live.id}/archive`);
    assert.equal(archived.ended_at, ended.ended_at, 'an end that is there stays');
    await api.expect(200, 'POST', `/streams/${live.id}/unarchive`);
    const again = await patch({status: 'live'});
    assert.deepEqual([again.ended_at, again.started_at], [null, live.started_at]);
    assert.ok(again.last_live_at >= ended.ended_at);
    const named = '2025-01-01T00:00:00.000Z';
    const given = await patch({status: 'offline', ended_at: named, last_checked_at: named});
    assert.deepEqual([given.ended_at, given.last_checked_at], [named, named]);
    const change = [{id: unseen.id, status: 'live'}];
    const {results} = await api.expect(200, 'PATCH', '/streams/batch', change);
    assert.deepEqual(set(results[0].stream), ['last_checked_at', 'last_live_at', 'started_at']);
});

test('the words of a status are taken without case, others are refused', async () => {
    const {id} = await api.create({url: 'https://twitch.tv/words'});
    for (const word of ['checking', 'live', 'offline', 'error', 'unknown', 'LIVE', 'Offline']) {
        const stream = await api.expect(200, 'PATCH', `/streams/${id}`, {status: word});
        assert.equal(stream.status, word.toLowerCase());
    }
    const before = await api.get(id);
    for (const word of ['lively', '', 5, null, ['live'], {}]) {
        const {status, body} = await api.request('PATCH', `/streams/${id}`, {status: word});
        assert.equal(status, 422, JSON.stringify(word));
        assert.equal(body.errors[0].field, 'status');
    }
    assert.deepEqual(await api.get(id), before);
    const archived = await api.expect(200, 'PATCH', `/streams/${id}`, {status: 'archived'});
    assert.equal(archived.archived, true);
});

test('every time is one of RFC 3339 in UTC with milliseconds', async () => {
    const {id} = await api.create({
        url: 'https://twitch.tv/times',
        status: 'live',
        last_checked_at: '2026-01-31T14:34:56+02:00',
    });
    const stream = await api.get(id);
    const times = Object.entries(stream).filter(
        ([name, value]) => (name.endsWith('_at') || name === 'last_checked') && value !== null,
    );
    assert.ok(times.length >= 4, times.map(([name]) => name).join());
    for (const [name, value] of times) assert.match(value, time, name);
    assert.equal(stream.last_checked_at, '2026-01-31T12:34:56.000Z');
});

test('filters hold together, and what is pinned, unpinned and archived moves at once', async () => {
    const make = (name, more) => api.create({url: `https://twitch.tv/both_${name}`, source: 'both', ...more});
    const [live, dark] = [await make('live', {status: 'live'}), await make('dark')];
    const shown = async (query) =>
        (await api.expect(200, 'GET', `/streams?source=both&${query}`)).streams.map(({id}) => id);
    for (const {id} of [live, dark]) await api.expect(200, 'PUT', `/streams/${id}/pin`);
    assert.deepEqual(await shown('status=live&pinned=true'), [live.id]);
    await api.expect(200, 'DELETE', `/streams/${live.id}/pin`);
    assert.deepEqual(await shown('status=live&pinned=true'), []);
    await api.expect(200, 'POST', `/streams/${dark.id}/archive`);
    assert.deepEqual(await shown(''), [live.id]);
    assert.deepEqual(await shown('archived=true'), [dark.id]);
    assert.deepEqual(
        (await api.expect(200, 'GET', '/streams?url=twitch.tv%2Fnever_seen')).streams,
        [],
    );
});

test('what one node wrote, its next read shows, and every other node soon', async () => {
    const [writer, ...others] = everywhere;
    const {id} = await writer.create({url: 'https://twitch.tv/everywhere'});
    for (let n = 0; n < 20; n += 1) {
        const {version} = await writer.expect(200, 'PATCH', `/streams/${id}`, {title: `t${n}`});
        assert.equal((await writer.get(id)).title, `t${n}`);
        const listed = (await writer.withUrl('https://twitch.tv/everywhere'))[0];
        assert.equal(listed.version, version);
        for (const other of others) {
            const begun = Date.now();
            while ((await other.get(id)).version < version) assert.ok(Date.now() - begun < 2000);
        }
    }
});

test('one hostile body after the other leaves everything as it was', async () => {
    const stream = await api.create({url: 'https://twitch.tv/hostile', title: 'as it was'});
    const before = await api.get(stream.id);
    const url = `${host.url}/api/v1/streams/${stream.id}`;
    const deep = `{"title":${'['.repeat(40)}${']'.repeat(40)}}`;
    const bodies = [
        '',
        '[]',
        'null',
        '{"title":"a"',
        '{"title":"a","title":"b"}',
        '{"title":"\\u0000"}',
        '{"title":"\\ud800"}',
        '{"viewer_count":1e400}',
        '{"viewer_count":9223372036854775808}',
        '{"title":NaN}',
        deep,
        Buffer.from([0x7b, 0x22, 0x74, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
        '{"url":"javascript:alert(1)"}',
        '{"url":"file:///etc/passwd"}',
        '{"url":"https://user:pw@twitch.tv/a"}',
    ];
    for (const body of bodies) {
        const answer = await fetched(url, {
            method: 'PATCH',
            headers: {'Content-Type': 'application/json', Authorization: `Bearer ${apiKey}`},
            body,
        });
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${body}`);
    }
    const large = await api.request('PATCH', `/streams/${stream.id}`, {notes: 'x'.repeat(2 << 20)});
    assert.equal(large.status, 413);
    assert.deepEqual(await api.get(stream.id), before);
});
