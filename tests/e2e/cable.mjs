// The protocol of /cable on the bare socket: what the stock client hides, and what it never sends.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {RawCable, Subscriber} from './lib/cable.mjs';
import {apiKey} from './lib/host.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until, within} from './lib/wait.mjs';

// One system for the file; each test uses URLs of its own.
const host = await startTopology({after}, chosenTopology);
const api = new Api(host);

test('a connection is welcomed and pinged every 3 seconds', async (t) => {
    const cable = await RawCable.open(t, host.cable);
    assert.equal(cable.socket.protocol, 'actioncable-v1-json');
    assert.equal((await until('first frame', () => cable.frames[0])).type, 'welcome');
    const pings = await until(
        'two pings',
        () => {
            const found = cable.frames.filter(({type}) => type === 'ping');
            return found.length >= 2 && found;
        },
        seconds(15),
    );
    const gap = pings[1].at - pings[0].at;
    assert.ok(gap > 2500 && gap < seconds(4.5), `pings came ${gap} ms apart`);
    assert.ok(
        Math.abs(pings[0].message - Date.now() / 1000) < 60,
        'a ping carries the time in seconds',
    );
});

test('the identifier is echoed byte for byte', async (t) => {
    const cable = await RawCable.open(t, host.cable);
    const identifiers = [
        '{"channel":"StreamsChannel"}',
        '{ "unknown" : [1,  2.50], "channel":"StreamsChannel"}',
        '{"channel":"Streams\\u0043hannel","note":"Größe \\/ \\"x\\""}',
    ];
    for (const identifier of identifiers) {
        const frame = await cable.subscribe(identifier);
        assert.equal(frame.type, 'confirm_subscription', identifier);
    }
    const {id} = await api.create({url: 'https://twitch.tv/echoed'});
    for (const identifier of identifiers) {
        const frame = await cable.frame(
            'broadcast',
            (f) => f.identifier === identifier && f.message,
        );
        assert.deepEqual(frame.message, {action: 'created', stream: await api.get(id)});
    }
});

test('an unknown channel is rejected and the connection stays', async (t) => {
    const cable = await RawCable.open(t, host.cable);
    assert.equal(
        (await cable.subscribe('{"channel":"NoSuchChannel"}')).type,
        'reject_subscription',
    );
    assert.equal(
        (await cable.subscribe('{"channel":"StreamsChannel"}')).type,
        'confirm_subscription',
    );
});

test('text that is no valid command is ignored', async (t) => {
    const cable = await RawCable.open(t, host.cable);
    for (const text of [
        '',
        'hello',
        '{}',
        '[]',
        'null',
        '{"command":"fly"}',
        '{"command":"subscribe"}',
        '{"command":"subscribe","identifier":"not json"}',
        '{"command":"unsubscribe","identifier":"{}"}',
    ]) {
        cable.send(text);
    }
    assert.equal(
        (await cable.subscribe('{"channel":"StreamsChannel"}')).type,
        'confirm_subscription',
    );
});

test('without good credentials the socket opens, is told so, and closes', async (t) => {
    const plain = `ws://${host.address}/cable`;
    for (const [url, headers] of [
        [plain, {}],
        [`${plain}?token=wrong`, {}],
        [plain, {Authorization: 'Bearer wrong'}],
    ]) {
        const cable = await RawCable.open(t, url, {headers});
        await within('close', cable.closed);
        assert.equal(cable.frames.length, 1);
        const {type, reason, reconnect} = cable.frames[0];
        assert.deepEqual(
            {type, reason, reconnect},
            {type: 'disconnect', reason: 'unauthorized', reconnect: false},
        );
    }
    const cable = await RawCable.open(t, plain, {headers: {Authorization: `Bearer ${apiKey}`}});
    await cable.frame('welcome', ({type}) => type === 'welcome');
});

test('a token in the address is kept out of the log', () => {
    assert.ok(!host.lines.some((line) => line.includes(apiKey)));
});

test('pages of other hosts are refused, clients without an Origin are not', async (t) => {
    await assert.rejects(
        RawCable.open(t, host.cable, {headers: {Origin: 'https://evil.example'}}),
        /403/,
    );
    await RawCable.open(t, host.cable, {headers: {Origin: `http://${host.address}`}});
});

test('an unknown sub-protocol is 400; none at all means ActionCable', async (t) => {
    await assert.rejects(RawCable.open(t, host.cable, {protocols: ['graphql-ws']}), /400/);
    const cable = await RawCable.open(t, host.cable, {protocols: []});
    await cable.frame('welcome', ({type}) => type === 'welcome');
});

test('a message over 65,536 bytes closes the connection with 1009', async (t) => {
    const cable = await RawCable.open(t, host.cable);
    cable.send('x'.repeat(65537));
    assert.equal((await within('close', cable.closed)).code, 1009);
});

test('changes arrive in order, and stop with the subscription', async (t) => {
    const cable = await RawCable.open(t, host.cable);
    const identifier = '{"channel":"StreamsChannel"}';
    await cable.subscribe(identifier);
    const {id} = await api.create({url: 'https://twitch.tv/ordered', status: 'offline'});
    await api.expect(200, 'PATCH', `/streams/${id}`, {status: 'live'});
    await api.expect(200, 'PUT', `/streams/${id}/pin`);
    await api.expect(200, 'POST', `/streams/${id}/archive`);
    await api.expect(200, 'POST', `/streams/${id}/unarchive`);
    await api.expect(204, 'DELETE', `/streams/${id}`);
    await cable.frame(
        'deleted',
        ({message}) => message?.action === 'deleted' && message.stream.id === id,
    );
    const messages = cable.frames
        .filter(({message}) => message?.stream?.id === id)
        .map((f) => f.message);
    assert.deepEqual(
        messages.map(({action}) => action),
        ['created', 'updated', 'updated', 'archived', 'created', 'deleted'],
    );
    assert.deepEqual(messages[1].changes.status, {from: 'offline', to: 'live'});
    assert.deepEqual(messages[2].changes.pinned, {from: false, to: true});
    const versions = messages.map(({stream}) => stream.version);
    assert.deepEqual(
        versions,
        [...versions].sort((a, b) => a - b),
    );

    const control = await Subscriber.connect(t, host.cable);
    cable.send({command: 'unsubscribe', identifier});
    // The answer to a later command shows that the earlier one has been obeyed.
    await cable.subscribe('{"channel":"NoSuchChannel"}');
    await api.create({url: 'https://twitch.tv/unheard'});
    await control.created('https://twitch.tv/unheard');
    await cable.subscribe('{"channel":"NoSuchChannel","again":true}');
    assert.ok(
        !cable.frames.some(({message}) => message?.stream?.url === 'https://twitch.tv/unheard'),
    );
});

test('a filter lets a change through when the record matches before or after it', async (t) => {
    const live = await Subscriber.connect(t, host.cable, {
        channel: 'StreamsChannel',
        status: 'live',
    });
    const kick = await Subscriber.connect(t, host.cable, {
        channel: 'StreamsChannel',
        platform: 'kick',
    });
    const all = await Subscriber.connect(t, host.cable);
    const {id, url} = await api.create({url: 'https://twitch.tv/filtered', status: 'offline'});
    for (const status of ['live', 'error', 'offline']) {
        await api.expect(200, 'PATCH', `/streams/${id}`, {status});
    }
    await api.create({url: 'https://kick.com/filtered', status: 'live'});
    for (const subscriber of [live, kick, all])
        await subscriber.created('https://kick.com/filtered');
    const seen = (subscriber) =>
        subscriber.messages
            .filter((m) => m.stream.url === url)
            .map(({action, stream}) => `${action} ${stream.status}`);
    assert.deepEqual(seen(all), [
        'created offline',
        'updated live',
        'updated error',
        'updated offline',
    ]);
    assert.deepEqual(seen(live), ['updated live', 'updated error']);
    assert.deepEqual(seen(kick), []);
});
