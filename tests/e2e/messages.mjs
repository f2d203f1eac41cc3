// Chat lines by hook: what became of each link is in the answer, wherever discovery and the records
// are.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';

const chat = await ChatServer.start({after});
const host = await startTopology({after}, chosenTopology, {irc: chat.url});
const api = new Api(host);
const post = (body) => api.expect(200, 'POST', '/messages', body);
// [url, outcome, reason or stream's id]
const brief = ({results}) =>
    results.map(({url, outcome, reason, stream_id: id}) => [url, outcome, reason ?? id]);

test('each link of a line has its outcome, and new ones are streams', async () => {
    const {results} = await post({
        text: 'Live in Seattle, WA: https://www.twitch.tv/Hooked and twitch.tv/directory',
        author: 'ann',
        channel: 'tips',
    });
    assert.deepEqual(results[0], {
        url: 'https://twitch.tv/hooked',
        outcome: 'created',
        sheets: false,
        api: true,
        stream_id: results[0].stream_id,
    });
    assert.equal(results[1].outcome, 'refused');
    assert.equal(results.length, 2);
    const stream = await api.get(results[0].stream_id);
    assert.deepEqual(
        [stream.url, stream.source, stream.posted_by, stream.city, stream.state, stream.status],
        ['https://twitch.tv/hooked', 'webhook', 'ann', 'Seattle', 'WA', 'checking'],
    );
});

test('a link that is known names its stream, however it came and is spelled', async () => {
    const [stream] = await api.withUrl('https://twitch.tv/hooked');
    assert.deepEqual(brief(await post({text: 'm.twitch.tv/HOOKED'})), [
        ['https://twitch.tv/hooked', 'known', stream.id],
    ]);
    const made = await api.create({url: 'https://kick.com/by-rest'});
    assert.deepEqual(brief(await post({text: '<https://kick.com/by-rest>'})), [
        [made.url, 'known', made.id],
    ]);
    const user = await ChatUser.join({after}, chat, '#streamwall', 'hookfriend');
    await user.post('kick.com/by-chat');
    const found = await until('the stream of the chat', async () =>
        (await api.withUrl('https://kick.com/by-chat')).at(0),
    );
    assert.deepEqual(brief(await post({text: 'kick.com/by-chat'})), [
        [found.url, 'known', found.id],
    ]);
});

test('what came by hook is not told once more by chat', async () => {
    const {results} = await post({text: 'kick.com/told-once'});
    const user = await ChatUser.join({after}, chat, '#streamwall', 'parrot');
    await user.post('kick.com/told-once kick.com/after-it');
    await until('the link behind it', async () =>
        (await api.withUrl('https://kick.com/after-it')).at(0),
    );
    assert.deepEqual(
        (await api.withUrl('https://kick.com/told-once')).map(({id}) => id),
        [results[0].stream_id],
    );
});

test('a removed stream is made anew by the next line', async () => {
    const [{stream_id: first}] = (await post({text: 'kick.com/removed'})).results;
    await api.expect(204, 'DELETE', `/streams/${first}`);
    const [again] = (await post({text: 'kick.com/removed'})).results;
    assert.equal(again.outcome, 'created');
    assert.notEqual(again.stream_id, first);
});

test('the place of the message wins over the hint, the hint over none', async () => {
    const [hinted] = (await post({text: 'kick.com/hinted', place_hint: 'Portland, OR'})).results;
    assert.equal((await api.get(hinted.stream_id)).city, 'Portland');
    const [named] = (await post({text: 'Austin, TX kick.com/named', place_hint: 'Portland, OR'}))
        .results;
    assert.equal((await api.get(named.stream_id)).city, 'Austin');
});

test('ignored authors, links and domains are passed over, as soon as discovery has heard', async () => {
    const lists = new Records(host, '/ignore_lists');
    await lists.made({list_type: 'twitch_user', value: 'noisy'});
    await lists.made({list_type: 'domain', value: 'rumble.com'});
    let n = 0;
    await until('the lists', async () => {
        n += 1;
        const text = `https://rumble.com/v${n}-live.html`;
        const [{outcome}] = (await post({text, author: `watcher${n}`})).results;
        return outcome === 'ignored';
    });
    assert.deepEqual(brief(await post({text: 'https://rumble.com/vzzz-live.html', author: 'ann'})), [
        ['https://rumble.com/vzzz-live.html', 'ignored', 'ignored_url'],
    ]);
    assert.deepEqual(brief(await post({text: 'kick.com/by-noisy', author: 'Noisy'})), [
        ['https://kick.com/by-noisy', 'ignored', 'ignored_user'],
    ]);
    assert.deepEqual(await api.withUrl('https://kick.com/by-noisy'), []);
});

test('one author may not flood everybody', async () => {
    const outcomes = [];
    for (let n = 0; n < 12; n += 1) {
        const [{outcome, reason}] = (await post({text: `kick.com/flood${n}`, author: 'flooder'}))
            .results;
        outcomes.push(reason ?? outcome);
    }
    assert.deepEqual(outcomes.slice(0, 10), Array(10).fill('created'));
    assert.deepEqual(outcomes.slice(10), Array(2).fill('rate_limited'));
});

test('50 equal lines at once make one stream', async () => {
    const lines = Array.from({length: 50}, (_, n) => ({text: 'kick.com/many', author: `one${n}`}));
    const answers = await Promise.all(lines.map(post));
    const results = answers.flatMap((answer) => answer.results);
    assert.equal(results.filter(({outcome}) => outcome === 'created').length, 1);
    assert.equal(results.filter(({outcome}) => outcome === 'known').length, 49);
    assert.equal(new Set(results.map(({stream_id: id}) => id)).size, 1);
});

test('a line without links has no results', async () => {
    assert.deepEqual(await post({text: 'hello'}), {results: []});
});

test('what is no line is refused by its field', async () => {
    const cases = [
        [{}, 'text'],
        [{text: ''}, 'text'],
        [{text: null}, 'text'],
        [{text: 5}, 'text'],
        [{text: ['a']}, 'text'],
        [{text: 'a'.repeat(8193)}, 'text'],
        [{text: 'é'.repeat(8000)}, 'text'],
        [{text: 'a', author: 5}, 'author'],
        [{text: 'a', author: 'a'.repeat(256)}, 'author'],
        [{text: 'a', channel: {}}, 'channel'],
        [{text: 'a', channel: 'a'.repeat(256)}, 'channel'],
        [{text: 'a', place_hint: false}, 'place_hint'],
        [{text: 'a', place_hint: 'a'.repeat(256)}, 'place_hint'],
    ];
    for (const [body, field] of cases) {
        const answer = await api.request('POST', '/messages', body);
        assert.equal(answer.status, 422, JSON.stringify(body));
        assert.equal(answer.body.errors[0].field, field);
    }
    const strict = await api.request('POST', '/messages?strict=1', {text: 'a', txt: 'b'});
    assert.equal(strict.status, 422);
    assert.equal(strict.body.errors[0].field, 'txt');
});

test('editors and keys with streams:write may post, viewers and other keys may not', async () => {
    const records = new Records(host, '/messages');
    const cases = [
        [await records.token('viewer'), 403],
        [await records.token('editor'), 200],
        [await records.key('streams:write'), 200],
        [await records.key('streams:read'), 403],
        ['nobody', 401],
    ];
    for (const [token, status] of cases) {
        const answer = await api.request(
            'POST',
            '/messages',
            {text: 'kick.com/by-hook'},
            {Authorization: `Bearer ${token}`},
        );
        assert.equal(answer.status, status, JSON.stringify(answer.body));
    }
});
