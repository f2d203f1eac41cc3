// WebSocket itself, held to what independent stock clients make of it: those of npm and of Debian's
// Python talk to a fixture that echoes, with and without compression, in fragments cut anywhere, with
// pings in between, and close with codes and reasons.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import path from 'node:path';
import {writeFileSync} from 'node:fs';
import test, {after} from 'node:test';
import {fileURLToPath} from 'node:url';
import Faye from 'faye-websocket';
import OtherSocket from 'websocket';
import WebSocket from 'ws';
import {binary, Host} from './lib/host.mjs';
import {output, scratchFolder} from './lib/processes.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const config = `
nodes: {main: {plugins: [storage-sqlite, catalog, http-server, rest-api, echo]}}
plugins:
  http-server:
    listen: "127.0.0.1:0"
    rate_limits: "off"
    websocket_compression: true
    message_rate: 0
    queue_limit: 67108864
`;

const folder = scratchFolder({after});
const file = path.join(folder, 'echo.yaml');
writeFileSync(file, config);
const host = await Host.start(
    {after},
    {config: file, env: {STREAMWALL_PLUGIN_PATH: path.join(path.dirname(binary), '../tests/plugins')}},
);
const url = `ws://${host.address}/echo`;

const texts = {
    empty: '',
    one: 'x',
    '125 bytes': 'x'.repeat(125),
    '126 bytes': 'x'.repeat(126),
    '65,535 bytes': 'x'.repeat(65_535),
    '65,536 bytes': 'x'.repeat(65_536),
    '1 MiB': 'abcdefgh'.repeat(131_072),
    'beyond ASCII': 'κόσμε 🌍 '.repeat(50),
};
const closings = [
    [1000, 'done'],
    [3000, 'x'.repeat(123)],
    [4999, 'κόσμε'],
];

// Each gives {send, fragments?, ping, close, received, ended}: `received` holds texts and buffers,
// `ended` is the code of the close frame that came back.
const clients = {
    async ws(perMessageDeflate = false) {
        const socket = new WebSocket(url, {perMessageDeflate});
        const received = [];
        socket.on('message', (data, isBinary) => received.push(isBinary ? data : data.toString()));
        await within('ws to open', once(socket, 'open'));
        return {
            received,
            extensions: socket.extensions,
            send: (data) => socket.send(data),
            fragments(data, size) {
                const bytes = Buffer.from(data);
                for (let at = 0; at < bytes.length; at += size) {
                    const fin = at + size >= bytes.length;
                    socket.send(bytes.subarray(at, at + size), {fin, binary: typeof data !== 'string'});
                    socket.ping(`after ${at}`);
                }
            },
            async ping() {
                const pong = once(socket, 'pong');
                socket.ping('are you there');
                assert.equal(String((await within('the pong', pong))[0]), 'are you there');
            },
            close: (code, reason) => socket.close(code, reason),
            ended: once(socket, 'close').then(([code]) => code),
        };
    },
    async websocket() {
        // It cuts every message of more than so many bytes.
        const client = new OtherSocket.client({
            fragmentOutgoingMessages: true,
            fragmentationThreshold: 997,
            maxReceivedFrameSize: 4 << 20,
            maxReceivedMessageSize: 4 << 20,
        });
        const connected = once(client, 'connect');
        client.connect(url);
        const [connection] = await within('websocket to open', connected);
        const received = [];
        connection.on('message', ({type, utf8Data, binaryData}) =>
            received.push(type === 'utf8' ? utf8Data : binaryData),
        );
        return {
            received,
            extensions: connection.webSocketExtensions ?? '',
            send: (data) => connection.send(data),
            async ping() {
                const pong = once(connection, 'pong');
                connection.ping('are you there');
                assert.equal(String((await within('the pong', pong))[0]), 'are you there');
            },
            close: (code, reason) => connection.close(code, reason),
            ended: once(connection, 'close').then(([code]) => code),
        };
    },
    async faye() {
        const socket = new Faye.Client(url);
        const received = [];
        socket.on('message', ({data}) => received.push(data));
        await within('faye-websocket to open', once(socket, 'open'));
        return {
            received,
            extensions: '',
            send: (data) => socket.send(data),
            ping: () => within('the pong', new Promise((resolve) => socket.ping('there', resolve))),
            close: (code, reason) => socket.close(code, reason),
            ended: once(socket, 'close').then(([{code}]) => code),
        };
    },
};

async function exercise(t, connect, isCompressed) {
    const client = await connect();
    assert.equal(client.extensions.includes('permessage-deflate'), isCompressed);
    let cases = 0;
    const echoed = async (what, data, send) => {
        const before = client.received.length;
        send(data);
        await until(`the echo of ${what}`, () => client.received.length > before, seconds(20));
        assert.deepEqual(Buffer.from(client.received[before]), Buffer.from(data), what);
        assert.equal(typeof client.received[before], typeof data, what);
        cases += 1;
    };
    for (const [name, text] of Object.entries(texts)) {
        await echoed(`a text, ${name}`, text, client.send);
        await echoed(`bytes, ${name}`, Buffer.from(text), client.send);
    }
    // A hundred at once come back in order.
    const before = client.received.length;
    for (let n = 0; n < 100; n += 1) client.send(`number ${n}`);
    await until('a hundred echoes', () => client.received.length >= before + 100);
    assert.deepEqual(
        client.received.slice(before),
        Array.from({length: 100}, (_, n) => `number ${n}`),
    );
    if (client.fragments) {
        // 5 bytes: inside of characters.
        for (const size of [1, 5, 64, 1000]) {
            const text = texts['beyond ASCII'];
            await echoed(`a text in pieces of ${size}`, text, (data) => client.fragments(data, size));
            await echoed(`bytes in pieces of ${size}`, Buffer.from(text), (data) =>
                client.fragments(data, size),
            );
        }
    }
    await client.ping();
    client.close(...closings[0]);
    assert.equal(await within('the close frame', client.ended), closings[0][0]);
    for (const [code, reason] of closings.slice(1)) {
        const another = await connect();
        another.close(code, reason);
        assert.equal(await within(`the close frame with ${code}`, another.ended), code);
    }
    t.diagnostic(`${cases + closings.length + 2} cases`);
}

for (const [name, connect] of Object.entries(clients)) {
    test(`${name}: echoes, fragments, pings, closing`, (t) => exercise(t, connect, false));
}

for (const offer of [
    {threshold: 0},
    {threshold: 0, serverMaxWindowBits: 9},
    {threshold: 0, clientMaxWindowBits: 9},
    {threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true},
]) {
    test(`ws with compression ${JSON.stringify(offer)}`, (t) =>
        exercise(t, () => clients.ws(offer), true));
}

const script = fileURLToPath(new URL('clients/echo.py', import.meta.url));
const offers = {
    websockets: [
        undefined,
        {},
        {server_max_window_bits: 10},
        {client_max_window_bits: 12},
        {server_no_context_takeover: true, client_no_context_takeover: true},
    ],
    autobahn: [undefined, {}, {request_no_context_takeover: true}, {request_max_window_bits: 10}],
};
for (const [name, each] of Object.entries(offers)) {
    for (const offer of each) {
        const how = offer ? `compression ${JSON.stringify(offer)}` : 'no compression';
        test(`Python's ${name}: ${how}`, async (t) => {
            const args = [script, name, url, offer ? JSON.stringify(offer) : ''];
            const text = await output('/usr/bin/python3', args, {timeout: seconds(60)});
            const results = text.trim().split('\n').map((line) => JSON.parse(line));
            const {missing} = results[0];
            if (missing) return t.skip(`${missing}: ./dev deps installs it`);
            assert.deepEqual(
                results.filter(({problem}) => problem !== null),
                [],
            );
            assert.ok(results.length > 15);
            return t.diagnostic(`${results.length} cases`);
        });
    }
}
