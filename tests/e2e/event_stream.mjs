// The journal as server-sent events: no gap and no repeat over forced reconnects while writes go on.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {apiKey} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

// Streams end after a second here, so that clients come back all the time.
const folder = scratchFolder({after});
const config = path.join(folder, 'system.yaml');
const original = readFileSync(new URL(`../../config/${chosenTopology}.yaml`, import.meta.url), 'utf8');
writeFileSync(config, withShortStreams(original));
const host = await startTopology({after}, chosenTopology, {config});
const api = new Api(host);

function withShortStreams(text) {
    const known = /^( {2}rest-api:)( \{)?/m;
    if (!known.test(text)) return text.replace(/^plugins:\n/m, '$&  rest-api: {event_streams_for: 1s}\n');
    return text.replace(known, (line, name, brace) =>
        brace ? `${name} {event_streams_for: 1s, ` : `${name}\n    event_streams_for: 1s`,
    );
}

// As a browser's EventSource: comes back by itself with the id that it has, and keeps what it was
// told. `events` are the envelopes, `resets` what came as such.
class EventSource {
    constructor(t, {query = '', id, url = host.url, key = apiKey} = {}) {
        Object.assign(this, {query, id, url, key, events: [], resets: [], opened: 0, beats: 0});
        this.retry = 100;
        this.abort = new AbortController();
        cleanUp(t, () => this.close());
        this.over = this.run();
    }

    close() {
        this.closed = true;
        this.abort.abort();
        return this.over;
    }

    async run() {
        while (!this.closed) {
            try {
                await this.once();
            } catch (error) {
                this.error = error;
            }
            if (!this.closed) await new Promise((done) => setTimeout(done, Math.min(this.retry, 100)));
        }
    }

    async once() {
        const answer = await fetch(`${this.url}/api/v1/events?${this.query}`, {
            headers: {
                Accept: 'text/event-stream',
                Authorization: `Bearer ${this.key}`,
                ...(this.id ? {'Last-Event-ID': this.id} : {}),
            },
            signal: this.abort.signal,
        });
        this.status = answer.status;
        this.type = answer.headers.get('content-type');
        if (answer.status !== 200) return void (await answer.text());
        this.opened += 1;
        let text = '';
        for await (const bytes of answer.body) {
            text += Buffer.from(bytes).toString();
            const blocks = text.split('\n\n');
            text = blocks.pop();
            blocks.forEach((block) => this.take(block));
        }
    }

    // A block that was cut off is never dispatched.
    take(block) {
        const fields = {};
        for (const line of block.split('\n')) {
            if (line.startsWith(':')) this.beats += 1;
            else fields[line.slice(0, line.indexOf(':'))] = line.slice(line.indexOf(':') + 2);
        }
        if (fields.retry) this.retry = Number(fields.retry);
        if (fields.id) this.id = fields.id;
        if (fields.event === 'reset') this.resets.push(JSON.parse(fields.data));
        else if (fields.data) this.events.push(JSON.parse(fields.data));
    }

    ids() {
        return this.events.map(({epoch, sequence}) => `${epoch}:${sequence}`);
    }
}

// Where the journal ends.
async function end() {
    const {meta} = await api.expect(200, 'GET', '/events?limit=1');
    return `${meta.epoch}:${meta.last}`;
}

test('what happens is there at once, with its envelope and id', async (t) => {
    const source = new EventSource(t);
    await until('the stream', () => source.opened);
    assert.equal(source.type, 'text/event-stream');
    const created = await until('an event', async () => {
        const stream = await api.create({url: `https://twitch.tv/seen_${source.opened}_${Date.now()}`});
        return source.events.length && stream;
    });
    const event = source.events[0];
    assert.equal(event.type, 'stream.created');
    assert.equal(event.data.platform, created.platform);
    assert.equal(source.id.split(':').at(-2), event.epoch);
});

test('no gap and no repeat over forced reconnects while writes go on', async (t) => {
    const from = await end();
    const sources = [
        ...host.listeners().map(({url}) => new EventSource(t, {id: from, url})),
        new EventSource(t, {query: `after=${encodeURIComponent(from)}`}),
        new EventSource(t, {id: from, query: 'types=stream.created'}),
    ];
    // One whose connection is also cut off in the middle again and again.
    const cut = new EventSource(t, {id: from});
    const cutter = setInterval(() => {
        cut.abort.abort();
        cut.abort = new AbortController();
    }, 170);
    cleanUp(t, () => clearInterval(cutter));
    const begun = Date.now();
    let written = 0;
    while (Date.now() - begun < 5000) {
        const stream = await api.create({url: `https://kick.com/run${(written += 1)}`});
        await api.expect(200, 'PATCH', `/streams/${stream.id}`, {title: `t${written}`});
    }
    clearInterval(cutter);
    const last = await end();
    const all = [];
    for (let place = from; place !== last; ) {
        const page = await api.expect(200, 'GET', `/events?after=${encodeURIComponent(place)}&limit=1000`);
        all.push(...page.events);
        place = page.meta.next;
    }
    const expected = all.map(({epoch, sequence}) => `${epoch}:${sequence}`);
    assert.ok(expected.length >= 2 * written);
    for (const source of [...sources, cut]) {
        const wanted = source.query.includes('types=')
            ? expected.filter((_, n) => all[n].type === 'stream.created')
            : expected;
        await until('all events', () => source.events.length >= wanted.length, seconds(15));
        assert.deepEqual(source.ids(), wanted);
        assert.deepEqual(source.resets, []);
        assert.ok(source.opened >= 3, `it came back ${source.opened} times`);
    }
    assert.ok(cut.opened >= 10, `it was cut off ${cut.opened} times`);
});

test('a place that is gone is said so, and the stream goes on with what is kept', async (t) => {
    const other = new EventSource(t, {id: 'elsewhere:5', query: 'types=stream.created'});
    await until('a reset', () => other.resets.length && other.events.length);
    assert.equal(other.resets[0].reason, 'another_journal');
    assert.match(other.resets[0].after, /:0$/);
    assert.equal(other.events[0].type, 'stream.created');
    const [epoch, last] = (await end()).split(/:(?=[0-9]+$)/);
    const ahead = new EventSource(t, {id: `${epoch}:${Number(last) + 1_000_000}`});
    await until('a reset', () => ahead.resets.length);
    assert.equal(ahead.resets[0].reason, 'ahead_of_journal');
});

test('what is asked for wrongly is refused', async () => {
    const refused = [
        ['after=5', {}],
        ['limit=5', {}],
        ['types=Stream', {}],
        ['colour=red', {}],
        ['', {'Last-Event-ID': 'nowhere'}],
        ['', {'Last-Event-ID': 'e:-1'}],
    ];
    for (const [query, headers] of refused) {
        const accept = {Accept: 'text/event-stream', ...headers};
        const {status} = await api.request('GET', `/events?${query}`, undefined, accept);
        assert.equal(status, 400, query);
    }
});

test('viewers and keys with events:read see it, without what tells of users', async (t) => {
    const from = await end();
    const people = new Records(host, '/users');
    const viewer = new EventSource(t, {id: from, key: await people.token('viewer')});
    const reader = new EventSource(t, {id: from, key: await people.key('events:read')});
    const admin = new EventSource(t, {id: from});
    const nobody = new EventSource(t, {key: await people.key('streams:read')});
    const {id} = await api.create({url: 'https://kick.com/for-viewers'});
    for (const source of [viewer, reader, admin])
        await until('the stream', () => source.events.some(({data}) => data.id === id && data.url));
    const types = (source) => new Set(source.events.map(({type}) => type.split('.')[0]));
    assert.ok(types(admin).has('user'));
    assert.deepEqual([types(viewer).has('user'), types(reader).has('user')], [false, false]);
    await until('the refusal', () => nobody.status);
    assert.equal(nobody.status, 403);
});

test('a reader that takes nothing keeps nobody from anything', async (t) => {
    const slow = await fetch(`${host.url}/api/v1/events?after=${encodeURIComponent(`${(await end()).split(/:(?=[0-9]+$)/)[0]}:0`)}`, {
        headers: {Accept: 'text/event-stream', Authorization: `Bearer ${apiKey}`},
    });
    cleanUp(t, () => slow.body.cancel().catch(() => {}));
    const source = new EventSource(t, {id: await end()});
    const {id} = await api.create({url: 'https://kick.com/beside-a-slow-one'});
    await until('the event', () => source.events.some(({data}) => data.id === id));
});

test('a stop ends the streams with a time to come back at, and loses nothing', async (t) => {
    const source = new EventSource(t, {id: await end()});
    await until('the stream', () => source.opened);
    await api.create({url: 'https://kick.com/before-the-stop'});
    await until('the event', () => source.events.length);
    const before = source.ids();
    await host.stop();
    await host.run();
    source.url = host.url;
    await api.create({url: 'https://kick.com/after-the-stop'});
    const urls = () => source.events.map(({data}) => data.url).filter(Boolean);
    await until('what came after it', () => urls().includes('https://kick.com/after-the-stop'), seconds(20));
    assert.deepEqual(source.ids().slice(0, before.length), before);
    assert.equal(new Set(source.ids()).size, source.ids().length);
    assert.ok(source.retry >= 1000);
});
