// The stock clients in a real browser: they connect from a page, subscribe, receive, lose the network
// and come back, and miss nothing.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import {once} from 'node:events';
import path from 'node:path';
import test from 'node:test';
import {fileURLToPath} from 'node:url';
import {Api} from './lib/api.mjs';
import {Browser, whyNoBrowser} from './lib/browser.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {apiKey, Host} from './lib/host.mjs';
import {seconds, until} from './lib/wait.mjs';

const reason = whyNoBrowser();
if (reason) console.log(`suite skipped: ${reason}`);

const modules = fileURLToPath(new URL('node_modules', import.meta.url));

const page = `<!doctype html>
<script type="importmap">{"imports": {
    "@anycable/core": "/@anycable/core/index.js",
    "nanoevents": "/nanoevents/index.js",
    "@rails/actioncable": "/@rails/actioncable/app/assets/javascripts/actioncable.esm.js"
}}</script>
<script type="module">
import {createCable} from '@anycable/core';
import {createConsumer} from '@rails/actioncable';

const url = 'ws://' + location.host + '/cable?token=${apiKey}';
const seen = {
    anycable: {messages: [], confirmed: false, connections: 0, refused: 0},
    rails: {messages: [], confirmed: 0},
};
window.seen = seen;

const cable = createCable(url, {protocol: 'actioncable-v1-ext-json', reconnectStrategy: () => 50});
cable.on('connect', () => (seen.anycable.connections += 1));
const channel = cable.subscribeTo('StreamsChannel', {});
channel.on('message', (message) => seen.anycable.messages.push(message));
channel.on('info', ({type}) => (seen.anycable.refused += type === 'history_not_found' ? 1 : 0));
channel.on('connect', () => (seen.anycable.confirmed = true));
channel.on('disconnect', () => (seen.anycable.confirmed = false));

createConsumer(url).subscriptions.create(
    {channel: 'StreamsChannel', snapshot: true},
    {
        connected: () => (seen.rails.confirmed += 1),
        received: (message) => seen.rails.messages.push(message),
    },
);
</script>`;

// Serves the page and the modules, and passes WebSockets on to the host while there is a network.
class Network {
    static async start(t, host) {
        const network = new Network();
        network.sockets = new Set();
        network.isUp = true;
        network.server = http.createServer((request, response) => serve(request, response));
        network.server.on('upgrade', (request, near, head) => network.#join(request, near, head, host));
        network.server.listen(0, '127.0.0.1');
        await once(network.server, 'listening');
        cleanUp(t, () => {
            network.cut();
            network.server.closeAllConnections();
            network.server.close();
        });
        network.url = `http://127.0.0.1:${network.server.address().port}/`;
        return network;
    }

    cut() {
        this.isUp = false;
        for (const socket of this.sockets) socket.destroy();
    }

    mend() {
        this.isUp = true;
    }

    #join(request, near, head, host) {
        if (!this.isUp) return near.destroy();
        const [name, port] = host.address.split(':');
        const far = net.connect(Number(port), name);
        const lines = [`GET ${request.url} HTTP/1.1`];
        for (let i = 0; i < request.rawHeaders.length; i += 2) {
            lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
        }
        far.write(`${lines.join('\r\n')}\r\n\r\n`);
        far.write(head);
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
        return undefined;
    }
}

async function serve(request, response) {
    if (request.url === '/') return response.setHeader('content-type', 'text/html').end(page);
    const file = path.join(modules, path.normalize(request.url));
    try {
        const text = await readFile(file);
        return response.setHeader('content-type', 'text/javascript').end(text);
    } catch {
        return response.writeHead(404).end();
    }
}

test('in a page, stock clients lose the network and miss nothing', {skip: reason !== undefined}, async (t) => {
    const host = await Host.start(t);
    const api = new Api(host);
    const network = await Network.start(t, host);
    const browser = await Browser.start(t);
    const page = await browser.open(network.url);
    const seen = () => page.evaluate('window.seen');
    await until(
        'both subscriptions',
        async () => {
            const {anycable, rails} = (await seen()) ?? {};
            return anycable?.confirmed && rails?.confirmed === 1;
        },
        seconds(20),
    );

    const urls = [];
    const create = async (count) => {
        for (let n = 0; n < count; n += 1) {
            const url = `https://twitch.tv/in_a_page_${urls.length}`;
            urls.push(url);
            await api.create({url});
        }
    };
    const createdBy = ({messages}) =>
        messages.filter(({action}) => action === 'created').map(({stream}) => stream.url);

    await create(5);
    await until('five streams in both', async () => {
        const {anycable, rails} = await seen();
        return createdBy(anycable).length === 5 && createdBy(rails).length === 5;
    });

    for (let round = 1; round <= 4; round += 1) {
        const before = (await seen()).anycable.connections;
        network.cut();
        await create(10);
        network.mend();
        await Promise.all([
            create(5),
            until(
                'the client of the extended protocol to be back',
                async () => (await seen()).anycable.connections > before,
                seconds(30),
            ),
        ]);
    }
    await until(
        'every stream, once and in order',
        async () => createdBy((await seen()).anycable).length >= urls.length,
        seconds(30),
    );
    const {anycable} = await seen();
    assert.deepEqual(createdBy(anycable), urls);
    assert.equal(anycable.refused, 0);

    // The base protocol has no history: its client comes back to a snapshot, and what follows.
    await until('the base client to be back', async () => (await seen()).rails.confirmed >= 2, seconds(30));
    await create(1);
    const known = async () => {
        const {messages} = (await seen()).rails;
        const snapshots = messages.filter(({action}) => action === 'snapshot');
        return new Set([
            ...snapshots.flatMap(({streams}) => streams.map(({url}) => url)),
            ...createdBy({messages}),
        ]);
    };
    await until('every stream in its snapshots and news', async () => {
        const all = await known();
        return urls.every((url) => all.has(url));
    }, seconds(20));
});
