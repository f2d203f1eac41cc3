// Ignore lists over REST, and what discovery makes of them.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';

const chat = await ChatServer.start({after});
const host = await startTopology({after}, chosenTopology, {irc: chat.url});
const lists = new Records(host, '/ignore_lists');
const domain = (value) => ({list_type: 'domain', value});

test('an entry is kept in one spelling, and once', async () => {
    const {json: entry, headers} = await lists.expect(201, 'POST', '', {
        list_type: 'Domain',
        value: '  WWW.Example.COM  ',
        notes: 'spam',
    });
    assert.equal(headers.location, `/api/v1/ignore_lists/${entry.id}`);
    assert.deepEqual(
        [entry.list_type, entry.value, entry.notes, entry.version],
        ['domain', 'example.com', 'spam', 1],
    );
    const again = await lists.expect(409, 'POST', '', domain('example.com'));
    assert.equal(again.json.errors[0].field, 'value');
    await lists.made({list_type: 'twitch_user', value: 'example.com'});
    assert.deepEqual((await lists.expect(200, 'GET', `/${entry.id}`)).json, entry);
    await lists.made({ignore_list: {list_type: 'url', value: 'example.com/nested/'}});
    await lists.expect(204, 'DELETE', `/${entry.id}`);
    await lists.expect(404, 'GET', `/${entry.id}`);
});

test('many who add one value at once make one entry', async () => {
    const answers = await Promise.all(
        Array.from({length: 20}, () => lists.send('POST', '', domain('at-once.com'))),
    );
    const statuses = answers.map(({status}) => status).sort();
    assert.deepEqual(statuses, [201, ...Array(19).fill(409)]);
    assert.equal((await lists.listed('?value=at-once.com')).meta.total_count, 1);
});

test('what is wrong with an entry is named', async () => {
    await lists.expectRefusals([
        [{}, 'list_type'],
        [{list_type: 'ip', value: 'x'}, 'list_type'],
        [{list_type: 'url'}, 'value'],
        [{list_type: 'url', value: 'javascript:alert(1)//https://x.com'}, 'value'],
        [{list_type: 'url', value: 'file:///etc/passwd'}, 'value'],
        [{list_type: 'domain', value: 'two words'}, 'value'],
        [{list_type: 'twitch_user', value: ''}, 'value'],
        [{list_type: 'twitch_user', value: {}}, 'value'],
        [{...domain('x.com'), notes: 7}, 'notes'],
        [{...domain('x.com'), notes: 'x'.repeat(10_001)}, 'notes'],
    ]);
    await lists.expectStrictness(domain('strict.com'));
    const {id} = await lists.made(domain('versions.com'));
    await lists.expectVersions(id, {notes: 'one'}, {notes: 'other'});
});

test('viewers and keys for lists read, administrators write', async () => {
    const credentials = {
        nobody: null,
        viewer: await lists.token('viewer'),
        editor: await lists.token('editor'),
        admin: await lists.token('admin'),
        reader: await lists.key('lists:read'),
        streams: await lists.key('streams:read', 'streams:write'),
    };
    const {id} = await lists.made(domain('rights.com'));
    const reads = {nobody: 401, viewer: 200, editor: 200, admin: 200, reader: 200, streams: 403};
    const writes = (status) => ({
        nobody: 401, viewer: 403, editor: 403, reader: 403, streams: 403, admin: status,
    });
    await lists.expectRights(credentials, [
        ['GET', '', undefined, reads],
        ['GET', `/${id}`, undefined, reads],
        ['GET', '/by_type', undefined, reads],
        ['POST', '', (who) => domain(`by-${who}.com`), writes(201)],
        ['PATCH', `/${id}`, {notes: 'x'}, writes(200)],
        ['POST', '/bulk_create', {entries: [domain('bulk-rights.com')]}, writes(201)],
        ['DELETE', '/bulk_delete', {ids: [987654321]}, writes(200)],
        ['DELETE', `/${id}`, undefined, writes(204)],
    ]);
});

test('many entries are made and deleted at once; a bad one spoils no other', async () => {
    const {json} = await lists.expect(201, 'POST', '/bulk_create', {
        entries: [domain('bulk.com'), domain('WWW.bulk.com'), {list_type: 'ip', value: 'x'}, 7],
    });
    assert.deepEqual(json.created.map(({value}) => value), ['bulk.com']);
    assert.deepEqual(json.errors.map(({index}) => index), [1, 2, 3]);
    const many = Array.from({length: 1000}, (_, n) => domain(`many${n}.org`));
    const made = (await lists.expect(201, 'POST', '/bulk_create', {entries: many})).json.created;
    assert.equal(made.length, 1000);
    await lists.expect(422, 'POST', '/bulk_create', {entries: [...many, domain('one-more.org')]});
    await lists.expect(422, 'POST', '/bulk_create', {});
    const byType = (await lists.expect(200, 'GET', '/by_type')).json;
    assert.deepEqual(Object.keys(byType), ['twitch_users', 'discord_users', 'urls', 'domains']);
    assert.ok(byType.domains.includes('many999.org'));
    const ids = [...made.map(({id}) => id).slice(0, 999), 987654321];
    const gone = await lists.expect(200, 'DELETE', '/bulk_delete', {ids});
    assert.equal(gone.json.deleted_count, 999);
    const left = await lists.listed('?search=many&list_type=domain');
    assert.deepEqual(left.ignore_lists.map(({value}) => value), ['many999.org']);
});

test('discovery passes over what is ignored, as soon as it is', async (t) => {
    const api = new Api(host);
    const spammer = await ChatUser.join(t, chat, '#streamwall', 'spammer');
    const reporter = await ChatUser.join(t, chat, '#streamwall', 'reporter');
    await reporter.hostPresent();
    const urls = async () => (await api.all()).map(({url}) => url).sort();
    const seen = (url) => until(url, async () => (await urls()).includes(url));

    // Each time somebody else: a person may post ten links a minute.
    let people = 0;
    const post = (text) => {
        people += 1;
        reporter.send(`NICK reporter${people}`);
        reporter.post(text);
    };
    post('https://www.twitch.tv/before');
    await seen('https://twitch.tv/before');
    await lists.made({list_type: 'twitch_user', value: 'Spammer'});
    await lists.made({list_type: 'url', value: 'https://www.twitch.tv/Unwanted/'});
    const {id} = await lists.made(domain('kick.com'));
    // Streams of one message come in any order, so what is missing once may be late.
    let n = 0;
    let calm = 0;
    await until('the lists are honoured', async () => {
        n += 1;
        spammer.post(`https://www.twitch.tv/byspammer${n}`);
        post(`kick.com/probe${n} and https://www.twitch.tv/marker${n}`);
        await seen(`https://twitch.tv/marker${n}`);
        const found = await urls();
        const ignored = [`https://kick.com/probe${n}`, `https://twitch.tv/byspammer${n}`];
        calm = ignored.some((url) => found.includes(url)) ? 0 : calm + 1;
        return calm === 3;
    });
    post('https://m.twitch.tv/unwanted kick.com/unwanted https://www.twitch.tv/wanted');
    await seen('https://twitch.tv/wanted');
    const found = await urls();
    for (const url of ['https://twitch.tv/unwanted', 'https://kick.com/unwanted']) {
        assert.ok(!found.includes(url), url);
    }
    await lists.expect(204, 'DELETE', `/${id}`);
    await until('the domain counts again', async () => {
        n += 1;
        post(`kick.com/again${n} https://www.twitch.tv/marker${n}`);
        await seen(`https://twitch.tv/marker${n}`);
        return (await urls()).includes(`https://kick.com/again${n}`);
    });
});
