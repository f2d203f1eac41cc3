// Numbered events over random disconnects, restarts of the hub and changes of the node: the stock
// client of AnyCable's extended protocol gets all of them, once and in order.
//
// RESUME_EVENTS and RESUME_DROPS make it longer than it usually is (10,000 and 200: half a minute).
import assert from 'node:assert/strict';
import net from 'node:net';
import {once} from 'node:events';
import test from 'node:test';
import WebSocket from 'ws';
import {createCable} from '@anycable/core';
import {Api} from './lib/api.mjs';
import {RawCable} from './lib/cable.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {apiKey} from './lib/host.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const count = Number(process.env.RESUME_EVENTS ?? 3000);
const drops = Number(process.env.RESUME_DROPS ?? 60);
const writers = 20;
const perWriter = Math.ceil(count / writers);
const params = {channel: 'StreamsChannel'};

// Pings have a number for their message.
const isNews = ({message}) => typeof message === 'object';

const random = (below) => Math.floor(Math.random() * below);

// A network that breaks, and leads each new connection to any of the listeners.
class BadNetwork {
    static async start(t, listeners) {
        const network = new BadNetwork();
        network.listeners = listeners;
        network.sockets = new Set();
        network.connections = 0;
        network.server = net.createServer((near) => network.#join(near));
        network.server.listen(0, '127.0.0.1');
        await once(network.server, 'listening');
        cleanUp(t, () => {
            network.break();
            network.server.close();
        });
        return network;
    }

    get url() {
        return `ws://127.0.0.1:${this.server.address().port}/cable?token=${apiKey}`;
    }

    break() {
        for (const socket of this.sockets) socket.destroy();
    }

    #join(near) {
        this.connections += 1;
        const choices = this.listeners();
        const [host, port] = choices[random(choices.length)].address.split(':');
        const far = net.connect(Number(port), host);
        for (const [from, to] of [
            [near, far],
            [far, near],
        ]) {
            this.sockets.add(from);
            from.on('data', (bytes) => to.write(bytes));
            from.on('error', () => from.destroy());
            from.on('close', () => {
                this.sockets.delete(from);
                to.destroy();
            });
        }
    }
}

// A stock client; `received` holds messages with their places: {message, stream, epoch, offset}.
async function stockClient(t, url) {
    const cable = createCable(url, {
        protocol: 'actioncable-v1-ext-json',
        websocketImplementation: WebSocket,
        reconnectStrategy: () => random(40),
        logLevel: 'error',
        protocolOptions: {pongs: true},
    });
    cleanUp(t, () => cable.disconnect());
    const channel = cable.subscribeTo(params.channel, {});
    const client = {cable, channel, received: [], restored: 0, refused: 0};
    channel.on('message', (message, meta) => client.received.push({message, ...meta}));
    channel.on('info', ({type}) => (client.refused += type === 'history_not_found' ? 1 : 0));
    cable.on('connect', ({restored}) => (client.restored += restored ? 1 : 0));
    await within('the subscription', channel.ensureSubscribed());
    return client;
}

// What `writers` streams were retitled to, in the order in which a client heard of it.
function numbersOf(client, ids) {
    const numbers = new Map(ids.map((id) => [id, []]));
    for (const {message} of client.received) {
        const {action, stream} = message;
        if (action === 'updated') numbers.get(stream.id)?.push(Number(stream.title));
    }
    return numbers;
}

const restartHub = async (host, node) => {
    const {code, stderr} = await host.command('plugins', 'restart', 'websocket-hub', '--node', node);
    assert.equal(code, 0, stderr);
};

test(`${count} numbered events over ${drops} disconnects: all once, in order`, async (t) => {
    const host = await startTopology(t, chosenTopology);
    const api = new Api(host);
    const ids = [];
    for (let n = 0; n < writers; n += 1) {
        ids.push((await api.create({url: `https://twitch.tv/numbered_${n}`, title: '0'})).id);
    }
    const network = await BadNetwork.start(t, () => host.listeners());
    const client = await stockClient(t, network.url);
    // A place to resume from: clients that never heard anything have only their clock.
    const first = await api.create({url: 'https://twitch.tv/first_of_all'});
    await until('a first message', () => client.received.some(({message}) => message.stream.id === first.id));

    const nodes = (await api.expect(200, 'GET', '/nodes')).nodes
        .filter(({plugins}) => plugins.some(({name}) => name === 'websocket-hub'))
        .map(({node}) => node);
    let written = 0;
    const write = async (id) => {
        for (let n = 1; n <= perWriter; n += 1) {
            await api.expect(200, 'PATCH', `/streams/${id}`, {title: String(n)});
            written += 1;
        }
    };
    const disturb = async () => {
        const every = (perWriter * writers) / drops;
        for (let n = 0; n < drops; n += 1) {
            await until('more events', () => written >= n * every, seconds(60));
            const before = network.connections;
            network.break();
            if (n === Math.floor(drops / 2)) await restartHub(host, nodes[random(nodes.length)]);
            // Not earlier: this client gives up a subscription that is cut off before its answer.
            await until(
                'the client is back',
                () => network.connections > before && client.channel.state === 'connected',
            );
        }
    };
    await Promise.all([disturb(), ...ids.map(write)]);

    const whole = Array.from({length: perWriter}, (_, n) => n + 1);
    await until(
        'every number',
        () => [...numbersOf(client, ids).values()].every(({length}) => length >= perWriter),
        seconds(30),
    ).catch(() => {});
    for (const [id, numbers] of numbersOf(client, ids)) {
        assert.deepEqual(numbers, whole, `stream ${id}`);
    }
    const offsets = client.received.map(({offset}) => offset);
    assert.ok(
        offsets.every((offset, n) => n === 0 || offset > offsets[n - 1]),
        'places grow from message to message',
    );
    assert.equal(client.refused, 0, 'no history was refused');
    assert.ok(network.connections >= drops, `${network.connections} connections`);
    assert.ok(client.restored > 0, 'sessions were resumed');
    t.diagnostic(`${network.connections} connections, ${client.restored} sessions resumed`);
});

test('history survives a restart of everything, and is the same on every node', async (t) => {
    const host = await startTopology(t, chosenTopology);
    const api = new Api(host);
    const {id} = await api.create({url: 'https://twitch.tv/remembered', title: '0'});
    const client = await stockClient(t, host.cable);
    await api.expect(200, 'PATCH', `/streams/${id}`, {title: '1'});
    const {stream, epoch, offset} = await until('a place', () =>
        client.received.find(({message}) => message.stream.title === '1'),
    );
    client.cable.disconnect();
    for (const title of ['2', '3']) await api.expect(200, 'PATCH', `/streams/${id}`, {title});
    await host.stop();
    await host.run();
    await new Api(host).expect(200, 'PATCH', `/streams/${id}`, {title: '4'});

    const identifier = JSON.stringify(params);
    const history = {since: 0, streams: {[stream]: {epoch, offset}}};
    for (const listener of host.listeners()) {
        const cable = await RawCable.open(t, listener.cable, {
            protocols: ['actioncable-v1-ext-json'],
        });
        cable.send({command: 'subscribe', identifier, history});
        await cable.frame('confirm_history', ({type}) => type === 'confirm_history');
        const messages = cable.frames.filter(isNews);
        assert.deepEqual(
            messages.map(({message}) => message.stream.title),
            ['2', '3', '4'],
        );
        assert.ok(messages.every((message) => message.epoch === epoch));
        assert.ok(messages.every((message) => message.stream_id === stream));
    }
});

test('a client that asks for another journal is told, and goes on with what is new', async (t) => {
    const host = await startTopology(t, chosenTopology);
    const api = new Api(host);
    const cable = await RawCable.open(t, host.cable, {protocols: ['actioncable-v1-ext-json']});
    const identifier = JSON.stringify(params);
    await cable.subscribe(identifier);
    await api.create({url: 'https://twitch.tv/one'});
    const {stream_id: name} = await cable.frame('a message', isNews);
    cable.send({
        command: 'history',
        identifier,
        history: {streams: {[name]: {epoch: 'of another', offset: 1}}},
    });
    await cable.frame('reject_history', ({type}) => type === 'reject_history');
    await api.create({url: 'https://twitch.tv/two'});
    await cable.frame('what is new', ({message}) => message?.stream?.url.endsWith('two'));
    assert.equal(cable.frames.filter(isNews).length, 2);
});

test('a snapshot and then the changes leave no gap', async (t) => {
    const host = await startTopology(t, chosenTopology);
    const api = new Api(host);
    const known = new Map();
    let writing = true;
    const write = async (n) => {
        for (let k = 0; writing; k += 1) {
            const {id, version} = await api.create({
                url: `https://twitch.tv/snap_${n}_${k}`,
                status: 'live',
            });
            known.set(id, version);
            const changed = await api.expect(200, 'PATCH', `/streams/${id}`, {title: 'x'});
            known.set(id, changed.version);
        }
    };
    const writes = [0, 1, 2, 3].map(write);
    await until('some streams', () => known.size > 150);
    const cables = [];
    for (const protocol of ['actioncable-v1-json', 'actioncable-v1-ext-json']) {
        for (const status of ['live', undefined]) {
            const cable = await RawCable.open(t, host.cable, {protocols: [protocol]});
            cable.send({
                command: 'subscribe',
                identifier: JSON.stringify({...params, status, snapshot: true}),
            });
            await cable.frame('the snapshot', ({message}) => message?.complete);
            cables.push(cable);
        }
    }
    writing = false;
    await Promise.all(writes);
    for (const cable of cables) {
        const seen = new Map();
        await until('every stream in its last version', () => {
            for (const {message} of cable.frames) {
                for (const {id, version} of message?.streams ?? [message?.stream ?? {}]) {
                    if (id) seen.set(id, Math.max(version, seen.get(id) ?? 0));
                }
            }
            return [...known].every(([id, version]) => seen.get(id) === version);
        });
        const first = cable.frames.findIndex(isNews);
        assert.equal(cable.frames[first].message.action, 'snapshot', 'the snapshot comes first');
    }
});
