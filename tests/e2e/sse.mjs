// The same changes as server-sent events, for those who can't use WebSocket.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {apiKey} from './lib/host.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const api = new Api(host);

// What a browser's EventSource makes of the answer: {id, event, data} each.
class Events {
    static async open(t, url, {query = '', lastEventId} = {}) {
        const stream = new Events();
        stream.events = [];
        stream.abort = new AbortController();
        cleanUp(t, () => stream.abort.abort());
        stream.answer = await fetch(`${url}/cable/sse?token=${apiKey}&${query}`, {
            headers: lastEventId ? {'Last-Event-ID': lastEventId} : {},
            signal: stream.abort.signal,
        });
        if (stream.answer.status === 200) stream.read().catch(() => {});
        return stream;
    }

    async read() {
        let text = '';
        for await (const bytes of this.answer.body) {
            text += Buffer.from(bytes).toString();
            const whole = text.split('\n\n');
            text = whole.pop();
            for (const block of whole) {
                const fields = Object.fromEntries(
                    block
                        .split('\n')
                        .filter((line) => !line.startsWith(':'))
                        .map((line) => line.split(/: (.*)/s).slice(0, 2)),
                );
                if (fields.retry) this.isReady = true;
                if (fields.data) this.events.push({...fields, data: JSON.parse(fields.data)});
            }
        }
    }

    urls() {
        return this.events.map(({data}) => data.stream.url.split('/').at(-1));
    }
}

test('changes arrive as events, and a client that was away goes on where it was', async (t) => {
    const first = await Events.open(t, host.url);
    assert.equal(first.answer.headers.get('content-type'), 'text/event-stream');
    await until('the beginning', () => first.isReady);
    const created = await api.create({url: 'https://twitch.tv/sse_1'});
    await until('an event', () => first.events.length === 1);
    assert.deepEqual(first.events[0].data, {action: 'created', stream: created});
    first.abort.abort();

    for (const n of [2, 3]) await api.create({url: `https://twitch.tv/sse_${n}`});
    const lastEventId = first.events[0].id;
    for (const {url} of host.listeners()) {
        const again = await Events.open(t, url, {lastEventId});
        await until('what was missed', () => again.events.length >= 2);
        await api.create({url: `https://twitch.tv/sse_live_${new URL(url).port}`});
        await until('what is new', () => again.urls().at(-1).endsWith(new URL(url).port));
        const urls = again.urls();
        assert.deepEqual(urls.slice(0, 2), ['sse_2', 'sse_3']);
        assert.equal(new Set(urls).size, urls.length, 'nothing comes twice');
    }
});

test('filters are those of the channel; others are refused', async (t) => {
    const live = await Events.open(t, host.url, {query: 'status=live'});
    await until('the beginning', () => live.isReady);
    await api.create({url: 'https://twitch.tv/sse_dark', status: 'offline'});
    await api.create({url: 'https://twitch.tv/sse_lit', status: 'live'});
    await until('an event', () => live.events.length);
    assert.deepEqual(live.urls(), ['sse_lit']);
    assert.equal((await Events.open(t, host.url, {query: 'status=alive'})).answer.status, 400);
});

test('an id of another journal is answered by a reset', async (t) => {
    const lost = await Events.open(t, host.url, {lastEventId: 'of-another:7'});
    await until('a reset', () => lost.events.some(({event}) => event === 'reset'));
});

test('nobody listens without credentials', async () => {
    assert.equal((await fetch(`${host.url}/cable/sse`)).status, 401);
});
