// Walls that several people control, on two hubs where there are two; documents shared by stock Yjs.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import * as Y from 'yjs';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';
import {twoHubs} from './lib/with_plugin.mjs';

const host = await startTopology({after}, chosenTopology);
const hubs = twoHubs(host);
const api = new Api(host);
const ada = await signUp(host, 'editor');
const bob = await signUp(host, 'editor');
const eve = await signUp(host);

const of = (action) => (message) => message.action === action;
const join = (t, hub, who, params) =>
    Subscriber.connect(t, cableOf(hub, who), {channel: 'WallChannel', ...params});

let walls = 0;
async function newWall() {
    const body = {name: `Wall ${(walls += 1)}`, columns: 2, rows: 2};
    return api.expect(201, 'POST', '/walls', body);
}
const newStream = (name) => api.create({url: `https://twitch.tv/${name}`});

test('what one changes the others see, on every hub, and newcomers begin with it', async (t) => {
    const wall = await newWall();
    const stream = await newStream('onthewall');
    const first = await join(t, hubs[0], ada, {wall: wall.id});
    const second = await join(t, hubs[1], bob, {wall: wall.id});
    const all = await join(t, hubs[1], eve, {});
    const {wall: shown, layouts} = await first.message('snapshot', of('snapshot'));
    assert.equal(shown.id, wall.id);
    assert.deepEqual(layouts, []);
    first.perform('control', {command: 'show', space: 3, stream_id: stream.id});
    first.perform('control', {command: 'listen', space: 3});
    // Where nothing is shown there is nothing to spotlight.
    await second.message('the stream', (m) => m.action === 'wall' && m.wall.cells.length === 1);
    second.perform('control', {command: 'spotlight', space: 3});
    for (const member of [first, second, all]) {
        await member.message(
            'the whole of it',
            (m) =>
                m.action === 'wall' &&
                m.wall.id === wall.id &&
                m.wall.spotlight === 3 &&
                m.wall.cells.some(
                    (cell) =>
                        cell.space === 3 &&
                        cell.stream_id === stream.id &&
                        cell.audio === 'listening',
                ),
        );
    }
    const late = await join(t, hubs[0], eve, {wall: wall.id});
    const {wall: now} = await late.message('snapshot', of('snapshot'));
    assert.equal(now.spotlight, 3);
});

test('a saved layout is told and shown', async (t) => {
    const wall = await newWall();
    const member = await join(t, hubs[1], ada, {wall: wall.id});
    const saved = await api.expect(201, 'POST', `/walls/${wall.id}/layouts`, {
        name: 'Evening',
        columns: 4,
        rows: 1,
    });
    const told = await member.message('layout', of('layout'));
    assert.equal(told.change, 'created');
    assert.equal(told.layout.name, 'Evening');
    member.perform('control', {command: 'layout', layout_id: saved.id});
    await member.message('the grid', (m) => m.action === 'wall' && m.wall.columns === 4);
});

test('commands at the same time undo none of each other', async (t) => {
    const wall = await newWall();
    const members = [
        await join(t, hubs[0], ada, {wall: wall.id}),
        await join(t, hubs[1], bob, {wall: wall.id}),
    ];
    const streams = await Promise.all([0, 1, 2, 3].map((n) => newStream(`cell${n}`)));
    for (const [space, {id}] of streams.entries()) {
        members[space % 2].perform('control', {command: 'show', space, stream_id: id});
    }
    for (const member of members) {
        await member.message(
            'four cells',
            (m) => m.action === 'wall' && m.wall.cells.length === 4,
        );
    }
});

test('what is wrong is told to the sender; viewers control nothing', async (t) => {
    const wall = await newWall();
    const editor = await join(t, hubs[0], ada, {wall: wall.id});
    const viewer = await join(t, hubs[0], eve, {wall: wall.id});
    editor.perform('control', {command: 'show', space: 9, stream_id: 1});
    assert.equal((await editor.message('refusal', of('control_denied'))).where, 'space');
    editor.perform('control', {command: 'show', space: 0, stream_id: 999999});
    await editor.message('refusal', (m) => m.action === 'control_denied' && m.where !== 'space');
    viewer.perform('control', {command: 'spotlight', space: 0});
    assert.equal((await viewer.message('refusal', of('error'))).code, 'not_allowed');
    await assert.rejects(join(t, hubs[0], ada, {wall: 999999}), /rejected/);
});

// A page with a document: what it changes goes out, what comes is merged.
class Page {
    constructor(member) {
        this.doc = new Y.Doc();
        this.cells = this.doc.getMap('views');
        this.member = member;
        this.read = 0;
        this.acknowledged = 0;
        this.sent = 0;
        this.doc.on('update', (update, origin) => {
            if (origin === 'hub') return;
            this.sent += 1;
            member.perform('yjs_update', {update: Buffer.from(update).toString('base64')});
        });
    }

    hear() {
        const {messages} = this.member;
        for (; this.read < messages.length; this.read += 1) {
            const {action, updates, update, number} = messages[this.read];
            const fresh = {yjs_state: updates, yjs_update: [update]}[action] ?? [];
            for (const each of fresh) Y.applyUpdate(this.doc, Buffer.from(each, 'base64'), 'hub');
            if (action === 'yjs_ack') this.acknowledged += 1;
            if (number) this.number = number;
            assert.notEqual(action, 'yjs_denied');
        }
    }

    get state() {
        return JSON.stringify(Object.entries(this.cells.toJSON()).sort());
    }
}

test('pages share a Yjs document; who comes later has all of it', async (t) => {
    const wall = await newWall();
    const pages = [];
    for (const [index, who] of [ada, bob].entries()) {
        pages.push(new Page(await join(t, hubs[index], who, {wall: wall.id})));
    }
    for (let round = 0; round < 20; round += 1) {
        for (const [index, page] of pages.entries()) {
            page.cells.set(`${(round * (index + 1)) % 9}`, `${index}-${round}`);
            page.hear();
        }
        await new Promise((resolve) => {
            setImmediate(resolve);
        });
    }
    const settled = () => {
        for (const page of pages) page.hear();
        return pages.every((page) => page.acknowledged === page.sent);
    };
    await until('both to be alike', () => settled() && pages[0].state === pages[1].state);
    const late = new Page(await join(t, hubs[1], eve, {wall: wall.id}));
    await late.member.message('state', of('yjs_state'));
    late.hear();
    assert.equal(late.state, pages[0].state);

    const state = Buffer.from(Y.encodeStateAsUpdate(pages[0].doc)).toString('base64');
    const through = Math.max(...pages.map(({number}) => number));
    pages[0].member.perform('yjs_compact', {state, through});
    await until('the answer', () => {
        pages[0].hear();
        return pages[0].acknowledged === pages[0].sent + 1;
    });
    const last = new Page(await join(t, hubs[0], bob, {wall: wall.id}));
    const {updates} = await last.member.message('state', of('yjs_state'));
    assert.equal(updates.length, 1);
    last.hear();
    assert.equal(last.state, pages[0].state);
});
