// Marked moments over REST, and the streams that show them.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const timestamps = new Records(host, '/timestamps');
const api = new Api(host);
const moment = (rest = {}) => ({event_at: '2026-01-31T12:00:00Z', title: 'A moment', ...rest});

let streams = 0;
async function stream() {
    streams += 1;
    return (await api.create({url: `https://kick.com/moment${streams}`})).id;
}

test('a moment is kept with the streams that show it', async () => {
    const [one, other] = [await stream(), await stream()];
    const made = await timestamps.made(
        moment({
            event_at: '2026-01-31T14:00:00.5+02:00',
            description: 'north',
            streams: [{stream_id: one, offset_seconds: 3665}, {stream_id: other}],
        }),
    );
    assert.equal(made.event_at, '2026-01-31T12:00:00.500Z');
    assert.equal(made.status, 'pending');
    assert.deepEqual(made.streams, [
        {stream_id: one, offset_seconds: 3665},
        {stream_id: other, offset_seconds: null},
    ]);
    const by = (query) => timestamps.listed(`?${query}`);
    assert.deepEqual((await by(`stream_id=${one}`)).timestamps, [made]);
    assert.equal((await by(`stream_id=${one}&status=resolved`)).meta.total_count, 0);
    const third = await stream();
    const added = await timestamps.expect(200, 'POST', `/${made.id}/streams`, {
        stream_id: third,
        offset_seconds: 0,
    });
    assert.equal(added.json.streams.length, 3);
    assert.equal(added.json.version, 2);
    const shown = (await timestamps.expect(200, 'GET', `/${made.id}/streams`)).json;
    assert.deepEqual(shown.streams, added.json.streams);
    await timestamps.expect(409, 'POST', `/${made.id}/streams`, {stream_id: third});
    await timestamps.expect(422, 'POST', `/${made.id}/streams`, {stream_id: 987654321});
    await timestamps.expect(422, 'POST', `/${made.id}/streams`, {stream_id: 'x'});
    await timestamps.expect(200, 'DELETE', `/${made.id}/streams/${third}`);
    await timestamps.expect(404, 'DELETE', `/${made.id}/streams/${third}`);
    await api.expect(204, 'DELETE', `/streams/${one}`);
    await until('the stream that is gone is forgotten', async () => {
        const {json} = await timestamps.expect(200, 'GET', `/${made.id}`);
        return json.streams.every(({stream_id}) => stream_id === other);
    });
});

test('what is wrong with a moment is named', async () => {
    const id = await stream();
    const shown = (rest) => moment({streams: [{stream_id: id, ...rest}]});
    await timestamps.expectRefusals([
        [{}, 'event_at'],
        [{event_at: '2026-01-31T12:00:00Z'}, 'title'],
        [moment({event_at: 'yesterday'}), 'event_at'],
        [moment({event_at: 5}), 'event_at'],
        [moment({title: 'ab'}), 'title'],
        [moment({title: 'x'.repeat(201)}), 'title'],
        [moment({description: 'x'.repeat(2001)}), 'description'],
        [moment({status: 'done'}), 'status'],
        [moment({streams: 7}), 'streams'],
        [moment({streams: [{}]}), 'streams.stream_id'],
        [moment({streams: [{stream_id: 987654321}]}), 'streams.stream_id'],
        [shown({offset_seconds: -1}), 'streams.offset_seconds'],
        [shown({offset_seconds: 1.5}), 'streams.offset_seconds'],
        [moment({streams: [{stream_id: id}, {stream_id: id}]}), 'streams'],
    ]);
    await timestamps.expectStrictness(moment());
    const made = await timestamps.made(moment());
    await timestamps.expectVersions(made.id, {title: 'one more'}, {title: 'another'});
});

test('viewers and keys read, editors and keys for streams write, resolve and dismiss', async () => {
    const credentials = {
        nobody: null,
        viewer: await timestamps.token('viewer'),
        editor: await timestamps.token('editor'),
        reader: await timestamps.key('streams:read'),
        writer: await timestamps.key('streams:write'),
    };
    const {id} = await timestamps.made(moment());
    const reads = {nobody: 401, viewer: 200, editor: 200, reader: 200};
    const writes = (status) => ({
        nobody: 401, viewer: 403, reader: 403, editor: status, writer: status,
    });
    await timestamps.expectRights(credentials, [
        ['GET', '', undefined, reads],
        ['GET', `/${id}`, undefined, reads],
        ['POST', '', moment(), writes(201)],
        ['PATCH', `/${id}`, {status: 'Reviewed'}, writes(200)],
        ['POST', `/${id}/resolve`, undefined, writes(200)],
        ['POST', `/${id}/dismiss`, undefined, writes(200)],
        ['DELETE', `/${id}`, undefined, {nobody: 401, viewer: 403, reader: 403, editor: 204}],
    ]);
    const own = await timestamps.expect(201, 'POST', '', moment(), {key: credentials.editor});
    assert.ok(own.json.user_id > 0, 'a moment has its maker');
    const {json, headers} = await timestamps.expect(200, 'POST', `/${own.json.id}/resolve`);
    assert.equal(json.status, 'resolved');
    const stale = {headers: {'If-Match': own.headers.etag}};
    await timestamps.expect(412, 'POST', `/${json.id}/dismiss`, undefined, stale);
    const fresh = {headers: {'If-Match': headers.etag}};
    const dismissed = await timestamps.expect(200, 'POST', `/${json.id}/dismiss`, undefined, fresh);
    assert.equal(dismissed.json.status, 'dismissed');
});

test('lists are by moment, newest first; days are whole', async () => {
    for (const day of ['2020-01-30T23:59:59.999Z', '2020-01-31T00:00:00Z', '2020-02-01T00:00:00Z']) {
        await timestamps.made(moment({event_at: day, title: `old ${day}`}));
    }
    const days = async (query) =>
        (await timestamps.listed(`?search=old&${query}`)).timestamps.map(({event_at}) =>
            event_at.slice(0, 10),
        );
    assert.deepEqual(await days(''), ['2020-02-01', '2020-01-31', '2020-01-30']);
    assert.deepEqual(await days('from=2020-01-31&to=2020-01-31'), ['2020-01-31']);
    assert.deepEqual(await days('to=2020-01-30'), ['2020-01-30']);
    assert.deepEqual(await days('sort=event_at&direction=asc&per_page=1'), ['2020-01-30']);
});
