// Walls and their saved layouts over REST.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const api = new Api(host);
const walls = new Records(host, '/walls');
const layoutsOf = ({id}) => new Records(host, `/walls/${id}/layouts`);

test('a wall keeps its grid and what is in its cells', async () => {
    const stream = await api.create({url: 'https://kick.com/on-the-wall'});
    const wall = await walls.made({
        name: 'Studio',
        columns: 2,
        rows: 2,
        spotlight: 3,
        cells: [
            {space: 3, pin: 1, audio: 'listening', blur: true, rotation: 90, volume: 40},
            {space: 0, stream_id: stream.id},
        ],
    });
    assert.deepEqual(wall.cells, [
        {
            space: 0,
            stream_id: stream.id,
            pin: null,
            audio: 'muted',
            blur: false,
            rotation: 0,
            volume: 100,
        },
        {
            space: 3,
            stream_id: null,
            pin: 1,
            audio: 'listening',
            blur: true,
            rotation: 90,
            volume: 40,
        },
    ]);
    assert.deepEqual((await walls.expect(200, 'GET', `/${wall.id}`)).json, wall);
    assert.deepEqual((await walls.listed()).walls, [wall]);
    await walls.expect(409, 'POST', '', {name: 'STUDIO'});
});

test('a change is checked as a whole, guarded by its version, and told once', async () => {
    const wall = await walls.made({name: 'guarded', cells: [{space: 8, pin: 1}]});
    const one = `/${wall.id}`;
    const small = await walls.expect(422, 'PATCH', one, {columns: 2});
    assert.equal(small.json.errors[0].field, 'cells');
    const lost = await walls.expect(422, 'PATCH', one, {cells: [{space: 0, stream_id: 999999}]});
    assert.equal(lost.json.errors[0].field, 'cells.stream_id');
    const answers = await Promise.all(
        [2, 3].map((rows) =>
            walls.send('PATCH', one, {rows, cells: []}, {headers: {'If-Match': '"1"'}}),
        ),
    );
    assert.deepEqual(answers.map(({status}) => status).sort(), [200, 412]);
    const told = await until('the event', async () => {
        const events = await host.events('wall.*');
        const own = events.filter(({subject}) => subject === `wall/${wall.id}`);
        return own.length >= 2 && own;
    });
    assert.deepEqual(told.map(({type}) => type), ['wall.created', 'wall.updated']);
    assert.deepEqual(Object.keys(told[1].data.changes).includes('cells'), true);
    assert.deepEqual(told[1].data.cells, []);
});

test('layouts are saved under their wall, and go with it', async () => {
    const [one, two] = [await walls.made({name: 'one'}), await walls.made({name: 'two'})];
    const layouts = layoutsOf(one);
    const {json: night, headers} = await layouts.expect(201, 'POST', '', {
        name: 'Night',
        cells: [{space: 4, pin: 2}],
    });
    assert.equal(headers.location, `/api/v1/walls/${one.id}/layouts/${night.id}`);
    assert.equal(night.wall_id, one.id);
    await layouts.expect(409, 'POST', '', {name: 'night'});
    await layoutsOf(two).made({name: 'night'});
    assert.deepEqual((await layouts.listed()).layouts, [night]);
    const {json: changed} = await layouts.expect(200, 'PATCH', `/${night.id}`, {name: 'Late'});
    assert.deepEqual([changed.name, changed.version, changed.cells], ['Late', 2, night.cells]);
    await layoutsOf(two).expect(404, 'GET', `/${night.id}`);
    await layoutsOf(two).expect(404, 'DELETE', `/${night.id}`);
    // To show a layout is to change the wall to it.
    const {columns, rows, cells, spotlight} = changed;
    const shown = await walls.expect(200, 'PATCH', `/${one.id}`, {columns, rows, cells, spotlight});
    assert.deepEqual(shown.json.cells, changed.cells);
    await walls.expect(204, 'DELETE', `/${one.id}`);
    await layouts.expect(404, 'GET', '');
    await layouts.expect(404, 'GET', `/${night.id}`);
    await layouts.expect(404, 'POST', '', {name: 'x'});
    assert.equal((await layoutsOf(two).listed()).layouts.length, 1);
    const gone = (await host.events('layout.deleted')).map(({subject}) => subject);
    assert.deepEqual(gone, [`layout/${night.id}`]);
});

test('each wrong field is named, in walls and in layouts', async () => {
    const wall = await walls.made({name: 'strict'});
    const cases = [
        [{}, 'name'],
        [{name: ''}, 'name'],
        [{name: 'x'.repeat(101)}, 'name'],
        [{name: 'a', columns: 0}, 'columns'],
        [{name: 'a', rows: 17}, 'rows'],
        [{name: 'a', rows: '3'}, 'rows'],
        [{name: 'a', cells: 5}, 'cells'],
        [{name: 'a', cells: [null]}, 'cells[0]'],
        [{name: 'a', cells: [{pin: 1}]}, 'cells[0].space'],
        [{name: 'a', cells: [{space: 0}]}, 'cells[0].stream_id'],
        [{name: 'a', cells: [{space: 0, pin: 1, audio: 'loud'}]}, 'cells[0].audio'],
        [{name: 'a', cells: [{space: 0, pin: 1, rotation: 1}]}, 'cells[0].rotation'],
        [{name: 'a', cells: [{space: 0, pin: 1, blur: 'no'}]}, 'cells[0].blur'],
        [{name: 'a', cells: [{space: 0, pin: 1, volume: 200}]}, 'cells[0].volume'],
        [{name: 'a', spotlight: 1}, 'spotlight'],
    ];
    for (const [body, field] of cases) {
        for (const records of [walls, layoutsOf(wall)]) {
            const {json} = await records.expect(422, 'POST', '', body);
            assert.equal(json.errors[0].field, field, JSON.stringify(body));
        }
    }
    assert.deepEqual((await layoutsOf(wall).listed()).layouts, []);
});

test('viewers read, editors write, others neither', async () => {
    const wall = await walls.made({name: 'for all'});
    const layouts = layoutsOf(wall);
    const viewer = {key: await walls.token('viewer')};
    const editor = {key: await walls.token('editor')};
    const reader = {key: await walls.key('streams:read')};
    const stranger = {key: await walls.key('lists:read')};
    for (const records of [walls, layouts]) {
        for (const who of [viewer, reader, editor]) await records.expect(200, 'GET', '', undefined, who);
        await records.expect(403, 'GET', '', undefined, stranger);
        await records.expect(401, 'GET', '', undefined, {key: null});
        for (const who of [viewer, reader]) await records.expect(403, 'POST', '', {name: 'no'}, who);
        const made = (await records.expect(201, 'POST', '', {name: 'yes'}, editor)).json;
        assert.ok(made.user_id > 0);
        for (const method of ['PATCH', 'PUT'])
            await records.expect(403, method, `/${made.id}`, {name: 'no'}, viewer);
        await records.expect(403, 'DELETE', `/${made.id}`, undefined, viewer);
        await records.expect(200, 'PATCH', `/${made.id}`, {name: 'still'}, editor);
        await records.expect(204, 'DELETE', `/${made.id}`, undefined, editor);
    }
});
