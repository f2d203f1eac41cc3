// One day of input, given to every way of running the host: each must end with the same records, and
// with the same events of each stream in the same order.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {recordedDay} from './lib/day.mjs';
import {startTopology, topologies} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

// What the store chooses, and what depends on the hour of the test.
const chosen = ['id', 'created_at', 'updated_at', 'started_at', 'ended_at', 'last_live_at', 'message_id'];

function withoutChoices(record) {
    return Object.fromEntries(
        Object.entries(record).filter(([name]) => !chosen.includes(name)),
    );
}

async function allPosted(poster, chat, api, {messages, known}) {
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

// Returns {records by URL, events by URL}.
async function live(t, topology) {
    const chat = await ChatServer.start(t);
    const host = await startTopology(t, topology, {irc: chat.url});
    const api = new Api(host);
    const poster = await ChatUser.join(t, chat, '#streamwall', 'person0');
    await poster.hostPresent();
    const ids = new Map();
    for (const hour of recordedDay()) {
        await allPosted(poster, chat, api, hour);
        for (const {url, id} of await api.all()) ids.set(url, id);
        for (const {method, url, suffix = '', body} of hour.steps) {
            const path = method === 'POST' ? '/streams' : `/streams/${ids.get(url)}${suffix}`;
            const answer = await api.request(method, path, body);
            assert.ok([200, 201, 204].includes(answer.status), `${method} ${path}: ${answer.status}`);
            if (answer.body?.id) ids.set(answer.body.url, answer.body.id);
        }
    }
    const streams = await api.all();
    const events = new Map();
    for (const {type, data} of await host.events('stream.*')) {
        if (type === 'stream.discovered') continue;  // of what chat said, not of a record
        const {changes, ...record} = data;
        events.set(record.url, [
            ...(events.get(record.url) ?? []),
            {type, version: record.version, fields: Object.keys(changes ?? {}).sort(), record: withoutChoices(record)},
        ]);
    }
    await host.stop();
    return {
        records: new Map(streams.map((stream) => [stream.url, withoutChoices(stream)])),
        events,
    };
}

test('a day of input ends alike in one process, in isolated ones and in a split', async (t) => {
    const [first, ...others] = topologies;
    const expected = await live(t, first);
    assert.ok(expected.records.size > 200, `only ${expected.records.size} records: too little of a day`);
    for (const topology of others) {
        const {records, events} = await live(t, topology);
        assert.deepEqual(records, expected.records, `records of ${topology}`);
        assert.deepEqual(events, expected.events, `events of ${topology}`);
    }
});
