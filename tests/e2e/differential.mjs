// One day of input, given to every way of running the host: each must end with the same records, and
// with the same events of each stream in the same order, in the journal and at a socket.
import assert from 'node:assert/strict';
import test from 'node:test';
import {isDeepStrictEqual} from 'node:util';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {recordedDay} from './lib/day.mjs';
import {rebuilt} from './lib/journal.mjs';
import {startTopology, topologies} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

// What the store chooses, and what depends on the hour of the test.
const chosen = [
    'id',
    'streamer_id',
    'location_id',
    'created_at',
    'updated_at',
    'started_at',
    'ended_at',
    'last_live_at',
    'message_id',
];

function withoutChoices(record = {}) {
    return Object.fromEntries(
        Object.entries(record).filter(([name]) => !chosen.includes(name)),
    );
}

async function allPosted(poster, api, {messages, known}) {
    for (const {nick, text} of messages) {
        if (nick !== poster.nick) {
            poster.send(`NICK ${nick}`);
            poster.nick = nick;
        }
        poster.post(text);
    }
    await until(
        'the links of the hour in the list',
        async () => {
            const there = new Set((await api.all()).map(({url}) => url));
            return known.every((url) => there.has(url));
        },
        seconds(30),
    );
}

// Lists by the stream's URL, in the order in which `entries` has them.
function byStream(entries) {
    const lists = new Map();
    for (const [url, entry] of entries) lists.set(url, [...(lists.get(url) ?? []), entry]);
    return lists;
}

// Those that are about a record, rather than about what chat said.
function ofRecords(events) {
    return events.filter(({type}) => !/discovered|duplicate_seen/.test(type));
}

// [URL, what the event says] of each.
function changesOf(events) {
    return events.map(({type, data: {changes, ...record}}) => [
        record.url,
        {type, changes: withoutChoices(changes), record: withoutChoices(record)},
    ]);
}

function allHeard(socket, streams) {
    return until('the newest version of each stream at the socket', () => {
        const newest = new Map(socket.messages.map(({stream}) => [stream.id, stream.version]));
        return streams.every(({id, version}) => newest.get(id) === version);
    });
}

// A socket hears of each stream in the order of its events. While it is behind, an update may give way
// to the next one, so it need not hear all.
function assertHeard(heard, events, topology) {
    for (const [url, list] of events) {
        const records = heard.get(url).values();
        let next = records.next();
        for (const {record} of list) {
            if (isDeepStrictEqual(record, next.value)) next = records.next();
        }
        assert.ok(next.done, `${topology}: a socket heard ${JSON.stringify(next.value)} out of order`);
        assert.equal(heard.get(url)[0].version, 1, `${topology}: a socket heard of ${url} first`);
    }
}

// Returns, by URL, the records, the events of each in the journal, and what a socket heard of it.
async function live(t, topology) {
    const chat = await ChatServer.start(t);
    const host = await startTopology(t, topology, {irc: chat.url});
    const listeners = host.listeners();
    const apis = listeners.map((listener) => new Api(listener));
    const socket = await Subscriber.connect(t, listeners.at(-1).cable);
    const poster = await ChatUser.join(t, chat, '#streamwall', 'person0');
    await poster.hostPresent();
    const ids = new Map();
    let turn = 0;
    for (const hour of recordedDay()) {
        await allPosted(poster, apis[0], hour);
        for (const {url, id} of await apis[0].all()) ids.set(url, id);
        for (const {method, url, suffix = '', body} of hour.steps) {
            const path = method === 'POST' ? '/streams' : `/streams/${ids.get(url)}${suffix}`;
            const answer = await apis[turn++ % apis.length].request(method, path, body);
            assert.ok([200, 201].includes(answer.status), `${method} ${path}: ${answer.status}`);
            ids.set(answer.body.url, answer.body.id);
        }
    }
    const streams = await apis.at(-1).all();
    const events = ofRecords(await host.events('stream.*'));
    const now = new Map(streams.map((stream) => [`stream/${stream.id}`, stream]));
    assert.deepEqual(rebuilt(events), now, 'the events of a stream give its record');
    await allHeard(socket, streams);
    await host.stop();
    return {
        records: new Map(streams.map((stream) => [stream.url, withoutChoices(stream)])),
        events: byStream(changesOf(events)),
        heard: byStream(
            socket.messages.map(({stream}) => [stream.url, withoutChoices(stream)]),
        ),
    };
}

test('the day is 1,000 messages, 500 reports of checks and 200 calls', () => {
    const day = recordedDay();
    const count = (pick) => day.reduce((sum, hour) => sum + pick(hour).length, 0);
    const isReport = ({body}) => body?.last_checked_at !== undefined;
    assert.equal(count(({messages}) => messages), 1000);
    assert.equal(count(({steps}) => steps.filter(isReport)), 500);
    assert.equal(count(({steps}) => steps.filter((step) => !isReport(step))), 200);
});

test('a day of input ends alike in one process, in isolated ones and in a split', async (t) => {
    const [first, ...others] = topologies;
    const expected = await live(t, first);
    assert.ok(expected.records.size > 200, `only ${expected.records.size} records: too little of a day`);
    assert.equal(expected.events.size, expected.records.size, 'each record has its events');
    assertHeard(expected.heard, expected.events, first);
    for (const topology of others) {
        const {records, events, heard} = await live(t, topology);
        assert.deepEqual(records, expected.records, `records of ${topology}`);
        assert.deepEqual(events, expected.events, `events of ${topology}`);
        assertHeard(heard, events, topology);
    }
});
