// Many changes in one request: each for itself, or all or none.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

const host = await startTopology({after}, chosenTopology);
const api = new Api(host);

const created = (name) => api.create({url: `https://twitch.tv/${name}`});
const read = (id) => api.get(id);
const batch = (body, query = '', method = 'PATCH') =>
    api.request(method, `/streams/batch${query}`, body);
const said = (answer) => JSON.stringify(answer.body).slice(0, 500);

test('a batch of {url, status} changes all of them and answers in order', async () => {
    const made = [await created('batch_one'), await created('batch_two')];
    for (const [method, status] of [
        ['PATCH', 'live'],
        ['POST', 'offline'],
    ]) {
        const body = made.map(({url}) => ({url, status}));
        const answer = await batch(body, '', method);
        assert.equal(answer.status, 200, said(answer));
        for (const [index, result] of answer.body.results.entries()) {
            assert.equal(result.index, index);
            assert.equal(result.status, 200);
            assert.deepEqual(result.stream, await read(made[index].id));
            assert.equal(result.stream.status, status);
        }
    }
});

test('a bad item fails alone, as the problem it would be by itself', async () => {
    const {id} = await created('batch_good');
    const answer = await batch({
        updates: [
            {id, status: 'sideways'},
            {url: 'https://twitch.tv/batch_nobody', status: 'live'},
            {id, title: 'the good one'},
            5,
        ],
    });
    assert.equal(answer.status, 207, said(answer));
    const [bad, unknown, good, number] = answer.body.results;
    assert.equal(bad.status, 422);
    assert.equal(bad.error.errors[0].field, 'status');
    assert.equal(unknown.status, 404);
    assert.equal(good.stream.title, 'the good one');
    assert.equal(number.status, 422);
    assert.equal((await read(id)).version, 2);
});

test('all or nothing: one bad item leaves everything as it was', async () => {
    const made = [await created('atomic_one'), await created('atomic_two')];
    const good = made.map(({id}) => ({id, pinned: true}));
    const refused = await batch([...good, {id: made[0].id, url: made[1].url}], '?atomic=1');
    assert.equal(refused.status, 409, said(refused));
    assert.match(refused.body.errors[0].field, /^updates\[\d\]\.url$/);
    for (const {id} of made) assert.equal((await read(id)).version, 1);
    const done = await batch(good, '?atomic=1');
    assert.equal(done.status, 200, said(done));
    for (const {id} of made) assert.equal((await read(id)).pinned, true);
});

test('a thousand items pass, more are refused, and so is what is no batch', async () => {
    const ids = [];
    for (let n = 0; n < 10; n += 1) ids.push((await created(`batch_many${n}`)).id);
    const many = (count) =>
        Array.from({length: count}, (_, n) => ({id: ids[n % 10], viewer_count: n}));
    const answer = await batch(many(1000));
    assert.equal(answer.status, 200, said(answer));
    assert.equal(answer.body.results.length, 1000);
    assert.equal(answer.body.results[999].stream.viewer_count, 999);
    assert.equal((await read(ids[9])).viewer_count, 999, 'in the order of the list');
    const one = await batch(many(1000), '?atomic=1');
    assert.equal(one.status, 200, said(one));
    for (const [body, status] of [
        [many(1001), 422],
        [many(10_000), 422],
        [{updates: 'x'}, 422],
    ]) {
        assert.equal((await batch(body)).status, status);
    }
});

test('items may be long: 16 MiB pass, more are 413', async () => {
    const made = [];
    for (let n = 0; n < 20; n += 1) made.push(await created(`batch_long${n}`));
    const notes = 'ä'.repeat(10_000);
    const items = Array.from({length: 500}, (_, n) => ({
        id: made[n % made.length].id,
        notes,
        viewer_count: n,
    }));
    const answer = await batch(items);
    assert.equal(answer.status, 200, said(answer));
    const last = answer.body.results[499].stream;
    assert.equal(last.viewer_count, 499);
    assert.equal(last.notes, notes);
    const larger = await batch([{id: made[0].id, notes: 'x'.repeat(17 << 20)}]);
    assert.equal(larger.status, 413);
});
