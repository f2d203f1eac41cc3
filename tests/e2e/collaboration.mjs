// People who work together, on two hubs where there are two, with the stock ActionCable client.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {RawCable, Subscriber} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';
import {twoHubs} from './lib/with_plugin.mjs';

const host = await startTopology({after}, chosenTopology);
const hubs = twoHubs(host);
const api = new Api(host);
const ada = await signUp(host, 'editor');
const bob = await signUp(host, 'editor');
const eve = await signUp(host);

let streams = 0;
async function stream() {
    return api.create({url: `https://twitch.tv/together${(streams += 1)}`, title: 'Before'});
}

function join(t, hub, who, params) {
    return Subscriber.connect(t, cableOf(hub, who), {channel: 'CollaborationChannel', ...params});
}

const on = ({id}) => ({resource: 'stream', resource_id: id});
const of = (action) => (message) => message.action === action;

async function pair(t) {
    const record = await stream();
    const first = await join(t, hubs[0], ada, on(record));
    const second = await join(t, hubs[1], bob, on(record));
    await first.message('bob', ({action, user_id: id}) => action === 'joined' && id === bob.id);
    return {record, first, second};
}

test('a newcomer is told who is there and what is locked, the others that somebody came', async (t) => {
    const {record, first} = await pair(t);
    first.perform('lock_cell', {field: 'title'});
    await first.message('lock', of('cell_locked'));
    const third = await join(t, hubs[1], eve, on(record));
    await third.message('locks', of('active_locks_list'));
    const [users, locks] = third.messages;
    assert.deepEqual(users.users.map(({user_id: id}) => id).sort(), [ada.id, bob.id, eve.id].sort());
    assert.equal(users.users.find(({user_id: id}) => id === eve.id).role, 'viewer');
    assert.equal(locks.locks[0].cell_id, `stream_${record.id}_title`);
    assert.equal(locks.locks[0].user_id, ada.id);
    await first.message('eve', ({action, user_id: id}) => action === 'joined' && id === eve.id);
});

test('of two who lock a cell at the same time on two hubs one has it', async (t) => {
    const {record, first, second} = await pair(t);
    const cell = {cell_id: `stream_${record.id}_city`};
    for (let round = 0; round < 20; round += 1) {
        const seen = [first, second].map(({messages}) => messages.length);
        first.perform('lock_cell', cell);
        second.perform('lock_cell', cell);
        const answers = await until('both answers', () => {
            const news = [first, second].map(({messages}, index) => messages.slice(seen[index]));
            const denied = news.map((list) => list.filter(of('lock_denied')).length);
            const locked = news.map((list) => list.find(of('cell_locked')));
            return denied[0] + denied[1] === 1 && locked[0] && locked[1] && {denied, locked};
        });
        const [holder, other] = answers.denied[0] ? [bob, ada] : [ada, bob];
        for (const lock of answers.locked) assert.equal(lock.user_id, holder.id);
        assert.notEqual(holder, other);
        (holder === ada ? first : second).perform('unlock_cell', cell);
        await until('the end of the lock', () =>
            [first, second].every(({messages}, index) =>
                messages.slice(seen[index]).some(of('cell_unlocked')),
            ),
        );
    }
});

test('a value is written through the catalog, with its version, and told to everybody', async (t) => {
    const {record, first, second} = await pair(t);
    first.perform('lock_cell', {field: 'title'});
    first.perform('update_cell', {field: 'title', value: 'After', version: record.version});
    const told = await second.message('value', of('cell_updated'));
    assert.equal(told.value, 'After');
    assert.equal(told.user_id, ada.id);
    const stored = await api.get(record.id);
    assert.equal(stored.title, 'After');
    assert.equal(told.version, stored.version);
    second.perform('update_cell', {field: 'title', value: 'Late'});
    const denied = await second.message('refusal', of('lock_denied'));
    assert.equal(denied.holder.user_id, ada.id);
    second.perform('update_cell', {field: 'city', value: 'Austin', version: record.version});
    const old = await second.message('conflict', of('update_denied'));
    assert.equal(old.reason, 'conflict');
    second.perform('update_cell', {field: 'city', value: 'Austin', version: stored.version});
    await first.message('city', (m) => m.action === 'cell_updated' && m.value === 'Austin');
});

test('viewers watch; a refusal ends nothing', async (t) => {
    const {record} = await pair(t);
    const viewer = await join(t, hubs[0], eve, on(record));
    viewer.perform('lock_cell', {field: 'title'});
    assert.equal((await viewer.message('refusal', of('lock_denied'))).reason, 'not_allowed');
    viewer.perform('update_cell', {field: 'title', value: 'x'});
    await viewer.message('refusal', of('update_denied'));
    viewer.perform('chat', {message: 'I am still here'});
    await viewer.message('chat', of('chat'));
    assert.equal((await api.get(record.id)).title, 'Before');
});

test('presence and locks end within a heartbeat of a broken connection', async (t) => {
    const {record, first} = await pair(t);
    const raw = await RawCable.open(t, cableOf(hubs[1], eve));
    const third = await RawCable.open(t, cableOf(hubs[1], bob));
    const identifier = JSON.stringify({channel: 'CollaborationChannel', ...on(record)});
    assert.equal((await raw.subscribe(identifier)).type, 'confirm_subscription');
    assert.equal((await third.subscribe(identifier)).type, 'confirm_subscription');
    const data = JSON.stringify({action: 'lock_cell', field: 'state'});
    third.send({command: 'message', identifier, data});
    await first.message('lock', (m) => m.action === 'cell_locked' && m.field === 'state');
    raw.socket.terminate();
    third.socket.terminate();
    await first.message(
        'eve to leave',
        ({action, user_id: id}) => action === 'left' && id === eve.id,
        seconds(3),
    );
    await first.message(
        'the lock to end',
        (m) => m.action === 'cell_unlocked' && m.field === 'state',
        seconds(3),
    );
    assert.ok(
        !first.messages.some(({action, user_id: id}) => action === 'left' && id === bob.id),
        'bob has another connection',
    );
});

test('what is said in one session is not heard in another; cursors not by their owner', async (t) => {
    const {first, second} = await pair(t);
    const other = await pair(t);
    first.perform('chat', {message: 'hello'});
    first.perform('cursor', {position: {x: 1}, field: 'title'});
    first.perform('status', {status: 'typing'});
    await second.message('status', of('status'));
    for (const action of ['chat', 'cursor', 'status']) {
        assert.ok(second.messages.some(of(action)), action);
        assert.ok(!other.first.messages.some(of(action)), action);
        assert.ok(!other.second.messages.some(of(action)), action);
    }
    await first.message('its own chat', of('chat'));
    assert.ok(!first.messages.some(of('cursor')));
});

// A client as README.md describes it, on the oracle's own algorithm.
const {type} = await import('ot-text-unicode');
class Writer {
    constructor(subscriber) {
        Object.assign(this, {subscriber, text: '', version: 0, flying: null, waiting: null, id: 0});
        this.read = subscriber.messages.length;
    }

    edit(op) {
        this.text = type.apply(this.text, op);
        this.waiting = this.waiting ? type.compose(this.waiting, op) : op;
        this.#send();
    }

    #send() {
        if (this.flying || !this.waiting) return;
        [this.flying, this.waiting] = [this.waiting, null];
        const {flying: op, version} = this;
        const id = `${(this.id += 1)}`;
        this.subscriber.perform('text_op', {field: 'notes', version, op, id});
    }

    hear() {
        const {messages} = this.subscriber;
        for (; this.read < messages.length; this.read += 1) {
            const message = messages[this.read];
            assert.notEqual(message.action, 'text_denied', message.message);
            if (message.action === 'text_ack') {
                assert.equal(message.version, this.version + 1);
                this.version = message.version;
                this.flying = null;
                this.#send();
            } else if (message.action === 'text_op') {
                assert.equal(message.version, this.version + 1);
                this.version = message.version;
                let {op} = message;
                for (const mine of ['flying', 'waiting']) {
                    if (!this[mine]) continue;
                    const passed = type.transform(op, this[mine], 'right');
                    this[mine] = type.transform(this[mine], op, 'left');
                    op = passed;
                }
                this.text = type.apply(this.text, op);
            }
        }
        return !this.flying && !this.waiting;
    }
}

test('texts that two write at once are the same everywhere, by the algorithm of another hand', async (t) => {
    const {record, first, second} = await pair(t);
    const writers = [new Writer(first), new Writer(second)];
    let seed = 20260131;
    const dice = (limit) => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return Math.floor((seed / 2147483648) * limit);
    };
    t.diagnostic(`seed ${seed}`);
    const words = ['a', 'bc ', 'ß', '😀', 'of\n'];
    for (let round = 0; round < 60; round += 1) {
        for (const writer of writers) {
            const length = [...writer.text].length;
            const at = dice(length + 1);
            const skip = at ? [at] : [];
            const cut = length > at && dice(3) === 0;
            const edit = cut ? {d: 1 + dice(Math.min(3, length - at))} : words[dice(words.length)];
            writer.edit(type.normalize([...skip, edit]));
            writer.hear();
        }
        await new Promise((resolve) => {
            setImmediate(resolve);
        });
    }
    await until('everything to arrive', () => {
        const quiet = writers.map((writer) => writer.hear());
        return quiet[0] && quiet[1] && writers[0].version === writers[1].version;
    });
    assert.equal(writers[0].text, writers[1].text);
    const late = await join(t, hubs[0], eve, on(record));
    late.perform('text_open', {field: 'notes'});
    const {content, version} = await late.message('text', of('text'));
    assert.equal(content, writers[0].text);
    assert.equal(version, writers[0].version);
    late.perform('text_open', {field: 'notes', version: version - 3});
    const {ops} = await late.message('operations', of('text_ops'));
    assert.deepEqual(ops.map((op) => op.version), [version - 2, version - 1, version]);
});

test('a session is made over REST and joined by what the answer says', async (t) => {
    const record = await stream();
    const post = (route, body, key) =>
        curl(`${hubs[0].url}/api/v1/collaboration/${route}`, {method: 'POST', body, key});
    const made = await post('sessions', on(record), bob.token);
    assert.equal(made.status, 201, made.text);
    const {id, websocket_url: url, identifier} = made.json;
    assert.equal(url, `ws://${hubs[0].address}/cable`);
    const maker = await Subscriber.connect(t, `${url}?token=${bob.token}`, JSON.parse(identifier));
    const {users} = await maker.message('users', of('active_users_list'));
    assert.equal(users[0].role, 'owner');
    const guest = await join(t, hubs[1], ada, {session: id});
    guest.perform('chat', {message: 'found it'});
    await maker.message('chat', of('chat'));
    const cell = {...on(record), field: 'title'};
    assert.equal((await post('lock', cell, ada.token)).status, 200);
    const held = await post('lock', {cell_id: `stream_${record.id}_title`}, bob.token);
    assert.equal(held.status, 409);
    assert.equal(held.json.code, 'locked');
    assert.equal(held.json.holder.user_id, ada.id);
    await maker.message('the lock', (m) => m.action === 'cell_locked' && m.user_id === ada.id);
    maker.perform('update_cell', {field: 'title', value: 'x'});
    await maker.message('refusal', of('lock_denied'));
    assert.equal((await post('unlock', cell, bob.token)).status, 409);
    assert.equal((await post('unlock', cell, ada.token)).status, 204);
    await maker.message('the end of it', of('cell_unlocked'));
    for (const [route, body, status] of [
        ['sessions', {}, 422],
        ['sessions', {resource: 'Stream'}, 422],
        ['sessions', {resource: 'stream', resource_id: '../'}, 422],
        ['sessions', {resource: 'stream', title: 5}, 422],
        ['lock', {}, 422],
        ['lock', {cell_id: 'x'}, 422],
        ['lock', {...cell, field: 'A b'}, 422],
        ['lock?strict=1', {...cell, more: 1}, 422],
        ['unlock', [], 400],
    ]) {
        const refused = await post(route, body, ada.token);
        assert.equal(refused.status, status, `${route} ${JSON.stringify(body)} ${refused.text}`);
    }
    for (const route of ['sessions', 'lock', 'unlock']) {
        assert.equal((await post(route, cell, eve.token)).status, 403);
    }
});

test('the plugin is started again, and everybody is where they were', async (t) => {
    const {record, first, second} = await pair(t);
    first.perform('lock_cell', {field: 'title'});
    await second.message('lock', of('cell_locked'));
    second.perform('text_op', {field: 'notes', version: 0, op: ['kept'], id: '1'});
    await second.message('ack', of('text_ack'));
    const node = hubs[0] === hubs[1] ? 'main' : 'core';
    const seen = [first, second].map(({messages}) => messages.length);
    const {code, stderr} = await host.command('plugins', 'restart', 'collaboration', '--node', node);
    assert.equal(code, 0, stderr);
    for (const [index, member] of [first, second].entries()) {
        await until('both to be back', () =>
            member.messages
                .slice(seen[index])
                .filter(of('active_users_list'))
                .some(({users}) => users.length === 2),
        );
    }
    second.perform('lock_cell', {cell_id: `stream_${record.id}_title`});
    assert.equal((await second.message('refusal', of('lock_denied'))).holder.user_id, ada.id);
    second.perform('text_open', {field: 'notes'});
    assert.equal((await second.message('text', of('text'))).content, 'kept');
});

test('many connections flood and do no harm to the rest', async (t) => {
    const {first, second} = await pair(t);
    for (let n = 0; n < 150; n += 1) first.perform('chat', {message: `${n}`});
    await first.message('the bound', ({code}) => code === 'too_many');
    second.perform('chat', {message: 'calm'});
    await first.message('the others', (m) => m.action === 'chat' && m.message === 'calm');
});
