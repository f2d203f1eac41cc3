// 10,000 clients of /cable on one host, as a matter of course: all are welcomed, all hear of a change,
// the host says what they cost, and whoever is too many is turned away at once.
//
// SOCKETS makes it smaller where that many descriptors are not allowed.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {apiKey, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {seconds, until} from './lib/wait.mjs';

// Node.js and the host have a descriptor for each, and some for themselves.
const allowed = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], {encoding: 'utf8'}).replace('unlimited', '1e9'));
const wanted = Number(process.env.SOCKETS ?? 10_000);
const count = Math.min(wanted, allowed - 1000);
if (count < wanted) console.log(`only ${count} sockets: ${allowed} descriptors are allowed`);
const most = count + 20;

const config = `
nodes: {main: {plugins: [storage-sqlite, catalog, http-server, rest-api, websocket-hub]}}
plugins:
  http-server: {listen: "127.0.0.1:0", api_key: "${apiKey}", rate_limits: "off", max_connections: ${most}}
`;

const text = (message) => {
    const payload = Buffer.from(JSON.stringify(message));
    assert.ok(payload.length < 126);
    // A mask of zeros leaves the text as it is.
    return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
};
const handshake =
    `GET /cable HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
    `Sec-WebSocket-Protocol: actioncable-v1-json\r\nAuthorization: Bearer ${apiKey}\r\n\r\n`;
const subscribe = text({command: 'subscribe', identifier: '{"channel":"StreamsChannel"}'});

// A client that costs little: it looks for words among the bytes.
class Client {
    constructor(host) {
        const [name, port] = host.address.split(':');
        this.step = 'connecting';
        this.last = '';
        this.socket = net.connect(Number(port), name, () => this.socket.write(handshake));
        this.socket.on('data', (bytes) => this.#look(bytes.toString('latin1')));
        this.socket.on('error', (error) => (this.step = error.code));
        this.socket.on('close', () => (this.step = 'closed'));
    }

    #look(bytes) {
        this.last = (this.last + bytes).slice(-2000);
        if (this.step === 'connecting' && this.last.includes('"welcome"')) {
            this.step = 'welcome';
            this.socket.write(subscribe);
        } else if (this.step === 'welcome' && this.last.includes('confirm_subscription')) {
            this.step = 'confirmed';
        } else if (this.step === 'confirmed' && this.last.includes('"action":"created"')) {
            this.step = 'told';
        }
    }
}

const residentOf = (pid) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

test(`${count} clients at once`, async (t) => {
    const folder = scratchFolder(t);
    const file = path.join(folder, 'many.yaml');
    writeFileSync(file, config, {mode: 0o600});
    const host = await Host.start(t, {config: file});
    const api = new Api(host);
    const metric = async (name) => {
        const lines = (await (await fetch(`${host.url}/metrics`)).text()).split('\n');
        const found = lines.filter((line) => line.split(/[{ ]/, 1)[0] === name);
        return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    };
    const before = residentOf(host.child.process.pid);
    const clients = [];
    cleanUp(t, () => clients.forEach(({socket}) => socket.destroy()));
    const at = (step) => clients.filter((client) => client.step === step).length;
    // A few hundred on their way at a time.
    while (clients.length < count) {
        for (let n = 0; n < 500 && clients.length < count; n += 1) clients.push(new Client(host));
        await until(
            `${clients.length} clients to be subscribed (${at('connecting')} connect, ${at('closed')} closed)`,
            () => at('confirmed') === clients.length,
            seconds(30),
        );
    }
    const each = (residentOf(host.child.process.pid) - before) / count;
    t.diagnostic(`${each.toFixed(0)} bytes of resident memory a client`);
    // What a sanitizer keeps beside each piece of memory is not the product's, nor is what is there
    // once and seems much where the clients are few.
    const isPlain = (process.env.E2E_TIME_SCALE ?? '1') === '1';
    if (isPlain && count >= 5000) assert.ok(each < 4096, `${each} bytes a client`);

    await until(
        'the metrics to know all of them',
        async () => (await metric('streamwall_http_server_websockets')) === count,
        seconds(10),
    );
    const known = (await metric('streamwall_http_server_connection_bytes')) / count;
    assert.ok(known > 400 && known < 2048, `${known} bytes a connection by the metrics`);

    await api.create({url: 'https://twitch.tv/heard_by_many'});
    await until('all to be told', () => at('told') === count, seconds(30));

    // Up to the limit, and not one more.
    const more = Array.from({length: 60}, () => new Client(host));
    cleanUp(t, () => more.forEach(({socket}) => socket.destroy()));
    await until(
        'the rest to be refused',
        () => more.some(({last, step}) => step === 'closed' && last.startsWith('HTTP/1.1 503')),
        seconds(10),
    );
    assert.ok(at('told') === count, 'nobody else was closed');
    more.forEach(({socket}) => socket.destroy());
    clients.forEach(({socket}) => socket.destroy());
    await until(
        'all to be gone',
        async () => (await metric('streamwall_http_server_websockets')) === 0,
        seconds(20),
    );
    assert.ok((await metric('streamwall_http_server_refused_connections_total')) > 0);
});
