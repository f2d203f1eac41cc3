// What other programs read: the desktop app's feed and the journal.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {curl} from './lib/curl.mjs';
import {apiKey} from './lib/host.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

const system = await startTopology({after}, chosenTopology);
const api = new Api(system);
const isOpen = chosenTopology === 'monolith';

test('the feed is an array of what is there, in the words of the desktop app', async () => {
    const live = await api.create({
        url: 'https://twitch.tv/feed_live',
        status: 'live',
        city: 'Seattle',
        state: 'WA',
        orientation: 'vertical',
        title: 'A "quoted" title',
    });
    const plain = await api.create({url: 'https://example.org/page', kind: 'web'});
    const gone = await api.create({url: 'https://twitch.tv/feed_gone'});
    await api.expect(200, 'POST', `/streams/${gone.id}/archive`);
    const feed = await curl(`${system.url}/feed/streams.json?token=${apiKey}`, {key: null});
    assert.equal(feed.status, 200, feed.text);
    assert.deepEqual(feed.json, [
        {
            link: live.url,
            kind: 'video',
            source: 'A "quoted" title',
            city: 'Seattle',
            state: 'WA',
            status: 'Live',
            orientation: 'V',
            addedDate: live.created_at,
        },
        {
            link: plain.url,
            kind: 'web',
            source: 'example.org',
            status: 'Unknown',
            addedDate: plain.created_at,
        },
    ]);
    const some = await curl(`${system.url}/streamwall/streams.json?status=live`);
    assert.deepEqual(some.json, [feed.json[0]]);
    const toml = await curl(`${system.url}/feed/streams.toml?status=live`);
    assert.match(toml.text, /^\[\[streams\]\]\nlink = "https:\/\/twitch\.tv\/feed_live"\n/);
    assert.match(toml.text, /source = "A \\"quoted\\" title"/);
});

test('without a key the feed is open on this machine where the configuration says so', async () => {
    for (const route of ['/feed/streams.json', '/feed/streams.json?token=wrong']) {
        const answer = await curl(system.url + route, {key: null});
        assert.equal(answer.status, isOpen ? 200 : 401);
        assert.ok(Array.isArray(answer.json), 'refusals are arrays, too');
    }
    const bad = await curl(`${system.url}/feed/streams.json?status=purple`);
    assert.deepEqual([bad.status, bad.json], [400, []]);
});

test('more streams than one page are all in the feed, by id', async () => {
    await Promise.all(
        Array.from({length: 120}, (_, n) => api.create({url: `https://twitch.tv/many${n}`})),
    );
    const links = (await curl(`${system.url}/feed/streams.json`)).json.map(({link}) => link);
    const {streams} = {streams: await api.all()};
    const expected = streams.filter(({archived}) => !archived).sort((a, b) => a.id - b.id);
    assert.deepEqual(links, expected.map(({url}) => url));
});

test('the journal is read page by page, from any place, by pattern', async () => {
    const made = await api.create({url: 'https://twitch.tv/told'});
    await api.expect(200, 'PATCH', `/streams/${made.id}`, {status: 'live'});
    const events = [];
    let after = '';
    for (;;) {
        const {events: some, meta} = await api.expect(
            200,
            'GET',
            `/events?types=stream.*&limit=7${after && `&after=${encodeURIComponent(after)}`}`,
        );
        assert.ok(some.length <= 7);
        events.push(...some);
        after = meta.next;
        if (Number(after.split(':').at(-1)) >= meta.last) break;
    }
    const numbers = events.map(({sequence}) => sequence);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
    const told = events.filter(({subject}) => subject === `stream/${made.id}`);
    assert.equal(told[0].type, 'stream.created');
    assert.ok(told.some(({type}) => type === 'stream.status_changed'));
    assert.ok(events.every(({type}) => type.startsWith('stream.')));
    const [epoch] = after.split(':');
    const other = await api.request('GET', `/events?after=x${encodeURIComponent(epoch)}:1`);
    assert.equal(other.status, 410);
    for (const query of ['after=1', 'limit=0', 'types=NO', 'colour=red']) {
        assert.equal((await api.request('GET', `/events?${query}`)).status, 400, query);
    }
});

test('who is no administrator reads nothing of users', async () => {
    const body = {email: 'told@example.org', password: 'Password123'};
    const {json} = await curl(`${system.url}/api/v1/signup`, {method: 'POST', body, key: null});
    const types = async (key) => {
        const answer = await curl(`${system.url}/api/v1/events?types=user.%3E`, {key});
        assert.equal(answer.status, 200, answer.text);
        return answer.json.events.map(({type}) => type);
    };
    assert.deepEqual(await types(json.token), []);
    assert.ok((await types(apiKey)).includes('user.registered'));
});
