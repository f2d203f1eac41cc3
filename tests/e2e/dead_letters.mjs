// Events that a subscription really gave up: seen, read, tried again and dropped over REST, on
// whichever node they are.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

const system = await startTopology({after}, chosenTopology);
const api = new Api(system);
// Where discovery publishes what it finds, and who reads it.
const node = chosenTopology === 'split' ? 'ingest' : 'main';

// An event in the journal of discovery's node, as a producer with a mistake would write it.
async function publish(data) {
    const event = {type: 'stream.discovered', version: '1.0', subject: `link/${data.url}`, data};
    const words = ['call', 'journal', 'append', JSON.stringify({events: [event]})];
    const {code, stderr} =
        chosenTopology === 'split'
            ? await system.commandOf('ingest', ...words)
            : await system.command(...words);
    assert.equal(code, 0, stderr);
}

const broken = {url: 'ftp://example.com/live', source: 'test', platform: 'other', user: 'someone'};
await publish(broken);

// Five tries, with gaps of 1, 2, 4 and 8 s.
const letter = await until(
    'a dead letter',
    async () => (await api.expect(200, 'GET', '/dead_letters')).dead_letters[0],
    seconds(60),
);

test('the list says which event, whose, why and after how many tries', async () => {
    assert.match(letter.id, new RegExp(`^${node}:[0-9]+$`));
    assert.equal(letter.node, node);
    assert.match(letter.subscription, /^catalog/);
    assert.equal(letter.attempts, 5);
    assert.match(letter.error.message, /url/);
    assert.equal(letter.event.type, 'stream.discovered');
    assert.equal(letter.event.data, undefined);
    const {meta, unreachable} = await api.expect(200, 'GET', '/dead_letters?page=2&per_page=1');
    assert.deepEqual(meta, {current_page: 2, per_page: 1, total_pages: 1, total_count: 1});
    assert.deepEqual(unreachable, []);
});

test('one is read whole', async () => {
    const whole = await api.expect(200, 'GET', `/dead_letters/${letter.id}`);
    assert.equal(whole.event.data.url, broken.url);
    assert.equal(whole.event.subject, `link/${broken.url}`);
});

test('a retry that fails again says so, and keeps it', async () => {
    const {status, body} = await api.request('POST', `/dead_letters/${letter.id}/retry`);
    assert.equal(status, 409, JSON.stringify(body));
    assert.equal(body.code, 'retry_failed');
    assert.match(body.detail, /failed again/);
    await api.expect(200, 'GET', `/dead_letters/${letter.id}`);
});

test('one whose cause is gone is taken by its subscription, and goes', async () => {
    const whole = await api.expect(200, 'GET', `/dead_letters/${letter.id}`);
    const event = {...whole.event, id: `${whole.event.id}-mended`};
    event.data = {...event.data, url: 'https://kick.com/mended', platform: 'kick'};
    const words = [
        'call',
        'journal',
        'dead_letter_add',
        JSON.stringify({
            name: letter.subscription,
            event,
            error: {code: 3, message: 'mended'},
            attempts: 5,
        }),
    ];
    const {stdout} =
        chosenTopology === 'split'
            ? await system.commandOf('ingest', ...words)
            : await system.command(...words);
    const id = `${node}:${JSON.parse(stdout).id}`;
    assert.notEqual(id, letter.id);
    await api.expect(204, 'POST', `/dead_letters/${id}/retry`);
    assert.equal((await api.request('GET', `/dead_letters/${id}`)).status, 404);
    const [stream] = await api.withUrl('https://kick.com/mended');
    assert.equal(stream.posted_by, 'someone');
});

test('a dropped one is gone', async () => {
    await api.expect(204, 'DELETE', `/dead_letters/${letter.id}`);
    assert.equal((await api.request('DELETE', `/dead_letters/${letter.id}`)).status, 404);
    const {dead_letters: left} = await api.expect(200, 'GET', '/dead_letters');
    assert.deepEqual(left, []);
});

test('each retry and drop is in the audit, with how it came out', async () => {
    const {audit} = await until('three entries', async () => {
        const page = await api.expect(200, 'GET', '/audit?resource=dead_letter');
        return page.audit.length === 3 && page;
    });
    assert.deepEqual(
        audit.reverse().map(({action, after: {outcome}}) => [action, outcome]),
        [
            ['dead_letter.retried', 'failed'],
            ['dead_letter.retried', 'done'],
            ['dead_letter.dropped', 'done'],
        ],
    );
    assert.ok(audit.every(({actor}) => actor.name === 'bootstrap'));
    assert.match(audit[0].after.error, /failed again/);
    assert.equal(audit[2].resource_id, letter.id);
});

test('ids that can be none and those of unknown nodes are not found', async () => {
    for (const id of ['1', `${node}:0`, 'moon:1', `${node}:999999`, '%00', ':1']) {
        for (const [method, path] of [
            ['GET', `/dead_letters/${id}`],
            ['POST', `/dead_letters/${id}/retry`],
            ['DELETE', `/dead_letters/${id}`],
        ]) {
            const {status} = await api.request(method, path);
            assert.ok([400, 404].includes(status), `${method} ${path}: ${status}`);
        }
    }
});

test('none but administrators see or touch them', async () => {
    const email = 'viewer@example.com';
    await api.expect(201, 'POST', '/users/signup', {email, password: 'Correct-horse-1'});
    const {token} = await api.expect(200, 'POST', '/users/login', {
        email,
        password: 'Correct-horse-1',
    });
    const headers = {Authorization: `Bearer ${token}`};
    for (const [method, path] of [
        ['GET', '/dead_letters'],
        ['GET', `/dead_letters/${letter.id}`],
        ['POST', `/dead_letters/${letter.id}/retry`],
        ['DELETE', `/dead_letters/${letter.id}`],
    ]) {
        const {status} = await api.request(method, path, undefined, headers);
        assert.equal(status, 403, `${method} ${path}`);
    }
});
