// Streamers and their accounts over REST, and the streams that name them.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

const host = await startTopology({after}, chosenTopology);
const streamers = new Records(host, '/streamers');
const api = new Api(host);
const account = (platform, username) => ({platform, username});

test('a streamer is kept with accounts, and a name once without case', async () => {
    const {json: ann, headers} = await streamers.expect(201, 'POST', '', {
        name: 'Ann',
        notes: 'films',
        accounts: [account('Twitch', '@AnnTV')],
    });
    assert.equal(headers.location, `/api/v1/streamers/${ann.id}`);
    const [{platform, username, url, id}] = ann.accounts;
    assert.deepEqual([platform, username, url], ['twitch', 'anntv', 'https://twitch.tv/anntv']);
    assert.equal(ann.stream_count, 0);
    const again = await streamers.expect(409, 'POST', '', {name: 'ANN'});
    assert.equal(again.json.errors[0].field, 'name');
    const taken = await streamers.expect(409, 'POST', '', {
        name: 'Other',
        accounts: [account('twitch', 'ANNTV')],
    });
    assert.equal(taken.json.errors[0].field, 'accounts');
    assert.equal((await streamers.listed('?name=other')).meta.total_count, 0);
    const more = await streamers.expect(200, 'PATCH', `/${ann.id}`, {
        accounts: [account('twitch', 'anntv'), account('kick', 'ann')],
    });
    assert.equal(more.json.accounts[0].id, id, 'what stays keeps its id');
    await streamers.expect(200, 'PUT', `/${ann.id}`, {name: 'Ann'});
    await streamers.expect(422, 'PUT', `/${ann.id}`, {notes: 'no name'});
});

test('what is wrong with a streamer is named', async () => {
    await streamers.expectRefusals([
        [{}, 'name'],
        [{name: '  '}, 'name'],
        [{name: 'x'.repeat(256)}, 'name'],
        [{name: 7}, 'name'],
        [{name: 'a', notes: {}}, 'notes'],
        [{name: 'a', accounts: 'x'}, 'accounts'],
        [{name: 'a', accounts: [account('myspace', 'a')]}, 'accounts.platform'],
        [{name: 'a', accounts: [account('x', 'two words')]}, 'accounts.username'],
        [{name: 'a', accounts: [{...account('x', 'a'), url: 'javascript:alert(1)'}]}, 'accounts.url'],
        [{name: 'a', accounts: [account('x', 'a'), account('X', 'A')]}, 'accounts'],
        [{name: 'a', accounts: Array(51).fill(account('x', 'a'))}, 'accounts'],
    ]);
    await streamers.expectStrictness({name: 'Strict'});
    const {id} = await streamers.made({name: 'Versions'});
    await streamers.expectVersions(id, {notes: 'one'}, {notes: 'other'}, {counts: true});
});

test('viewers and keys read, editors and keys for streams write', async () => {
    const credentials = {
        nobody: null,
        viewer: await streamers.token('viewer'),
        editor: await streamers.token('editor'),
        reader: await streamers.key('streams:read'),
        writer: await streamers.key('streams:write'),
        lists: await streamers.key('lists:read'),
    };
    const {id} = await streamers.made({name: 'Rights'});
    const reads = {nobody: 401, viewer: 200, editor: 200, reader: 200, lists: 403};
    const writes = (status) => ({
        nobody: 401, viewer: 403, reader: 403, lists: 403, editor: status, writer: status,
    });
    await streamers.expectRights(credentials, [
        ['GET', '', undefined, reads],
        ['GET', `/${id}`, undefined, reads],
        ['POST', '', (who) => ({name: `by ${who}`}), writes(201)],
        ['PATCH', `/${id}`, {notes: 'x'}, writes(200)],
        ['DELETE', `/${id}`, undefined, {nobody: 401, viewer: 403, reader: 403, editor: 204}],
    ]);
});

test('a stream that names its streamer finds or makes them; many at once make one', async () => {
    const urls = Array.from({length: 20}, (_, n) => `https://kick.com/many${n}`);
    const made = await Promise.all(
        urls.map((url) => api.create({url, streamer_name: 'Many at once'})),
    );
    const ids = new Set(made.map(({streamer_id}) => streamer_id));
    assert.equal(ids.size, 1);
    const [id] = ids;
    const many = (await streamers.expect(200, 'GET', `/${id}`)).json;
    assert.equal(many.stream_count, 20);
    assert.equal(many.accounts.length, 20, 'each URL told another account');
    const first = await api.create({url: 'https://twitch.tv/many0', streamer_name: 'MANY AT ONCE'});
    assert.equal(first.streamer_id, id);
    assert.equal(first.streamer_name, 'Many at once');
    const {streams} = await api.expect(200, 'GET', `/streams?streamer_id=${id}`);
    assert.equal(streams.length, 21);
    const renamed = await streamers.expect(200, 'PATCH', `/${id}`, {name: 'Renamed'});
    assert.equal(renamed.json.stream_count, 21);
    assert.equal((await api.get(first.id)).streamer_name, 'Renamed');
    const unknown = await api.request('PATCH', `/streams/${first.id}`, {streamer_id: 987654321});
    assert.equal(unknown.status, 422);
    assert.equal(unknown.body.errors[0].field, 'streamer_id');
    await streamers.expect(204, 'DELETE', `/${id}`);
    const left = await api.get(first.id);
    assert.deepEqual([left.streamer_id, left.streamer_name], [null, null]);
    assert.equal((await api.expect(200, 'GET', `/streams?streamer_id=${id}`)).streams.length, 0);
});

test('lists are by name, page by page and by cursor', async () => {
    for (const name of ['list zoe', 'List ann', 'LIST bob']) await streamers.made({name});
    const names = async (query) =>
        (await streamers.listed(`?search=list&${query}`)).streamers.map(({name}) => name);
    assert.deepEqual(await names(''), ['List ann', 'LIST bob', 'list zoe']);
    assert.deepEqual(await names('sort=-name'), ['list zoe', 'LIST bob', 'List ann']);
    assert.deepEqual(await names('page=2&per_page=2'), ['list zoe']);
    const {meta} = await streamers.listed('?search=list&per_page=2');
    assert.equal(meta.total_count, 3);
    assert.deepEqual(await names(`per_page=2&cursor=${meta.next_cursor}`), ['list zoe']);
});
