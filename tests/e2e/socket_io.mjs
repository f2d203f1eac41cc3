// The stock socket.io-client in the rooms of a plugin (sdk/examples/game-table), over each transport,
// beside clients of the hub.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {io} from 'socket.io-client';
import {Subscriber} from './lib/cable.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {apiKey} from './lib/host.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {Proxy} from './lib/servers.mjs';
import {seconds, until} from './lib/wait.mjs';
import {startWithPlugin, twoHubs} from './lib/with_plugin.mjs';

const host = await startWithPlugin({after}, 'game-table', {
    listening: {
        'socket-io': {
            namespaces: {'/games': 'GameChannel', '/more': 'GameChannel'},
            ping_interval: '1s', // many of them in these stories
        },
    },
});
const hubs = twoHubs(host);
const ada = await signUp(host);
const bob = await signUp(host);

// One stock client in a namespace; `heard` is what it was sent, in order.
class Player {
    constructor(t, url, options) {
        this.heard = [];
        this.errors = [];
        this.connections = 0;
        this.socket = io(url, {forceNew: true, ...options});
        cleanUp(t, () => this.socket.disconnect());
        this.socket.on('connect', () => (this.connections += 1));
        this.socket.on('connect_error', (error) => this.errors.push(error.message));
        this.socket.onAny((name, data) => this.heard.push({name, ...data}));
    }

    static async connect(t, hub, who, options = {}) {
        const auth = {token: who.token};
        const player = new Player(t, `http://${hub.address}/games`, {auth, ...options});
        await until('the namespace', () => player.connections === 1);
        return player;
    }

    event(name, matches = () => true) {
        return until(name, () => this.heard.find((one) => one.name === name && matches(one)));
    }

    count(name) {
        return this.heard.filter((one) => one.name === name).length;
    }

    get transport() {
        return this.socket.io.engine.transport.name;
    }

    async join(gameId, who) {
        this.socket.emit('join-game', {gameId});
        return this.event(
            'user-joined',
            (m) => m.gameId === gameId && m.userId === String(who.id),
        );
    }
}

const move = (gameId, who, cell) => ({
    type: 'game-move',
    gameId,
    data: {playerId: String(who.id), moveData: {cell}},
    timestamp: new Date().toISOString(),
});

let games = 0;
const newGame = () => `s${(games += 1)}`;

async function table(t, options) {
    const gameId = newGame();
    const first = await Player.connect(t, hubs[0], ada, options);
    const second = await Player.connect(t, hubs[1], bob, options);
    await first.join(gameId, ada);
    await second.join(gameId, bob);
    return {gameId, first, second};
}

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    const way = transports.join(', then ');
    test(`two players on two nodes hear of each other over ${way}`, async (t) => {
        const {gameId, first, second} = await table(t, {transports});
        if (transports.length > 1) {
            await until('the change of transport', () => first.transport === 'websocket');
        }
        assert.equal(first.transport, transports.at(-1));
        const seen = await first.event('user-joined', (m) => m.userId === String(bob.id));
        assert.deepEqual(Object.keys(seen).sort(), ['gameId', 'name', 'timestamp', 'userId']);
        assert.match(seen.timestamp, /^\d{4}-.*Z$/);
        first.socket.emit('game-move', move(gameId, ada, 4));
        for (const player of [first, second]) {
            const {state, lastMove, timestamp, ...rest} = await player.event('game-updated');
            assert.deepEqual(rest, {name: 'game-updated', gameId});
            assert.deepEqual(lastMove, {playerId: String(ada.id), moveData: {cell: 4}});
            assert.equal(state.board, '----x----');
            assert.match(timestamp, /^\d{4}-.*Z$/);
        }
    });

    test(`what is wrong goes to the sender alone over ${way}`, async (t) => {
        const {gameId, first, second} = await table(t, {transports});
        const tries = [
            [move(gameId, bob, 0), /not your turn/],
            [{...move(gameId, bob, 0), data: {}}, /data\.playerId/],
            [{...move(gameId, bob, 0), type: 'other'}, /type/],
            [{...move(gameId, bob, 0), timestamp: 7}, /timestamp/],
            [{...move(gameId, bob, 0), gameId: '?'}, /gameId/],
            [move(gameId, ada, 0), /not you/],
            [{}, /gameId/],
        ];
        for (const [index, [message, expected]] of tries.entries()) {
            second.socket.emit('game-move', message);
            await until('the error', () => second.count('error') === index + 1);
            const {code, message: text} = second.heard.findLast(({name}) => name === 'error');
            assert.equal(code, 'GAME_MOVE_ERROR');
            assert.match(text, expected);
        }
        first.socket.emit('game-move', move(gameId, ada, 0));
        await second.event('game-updated');
        assert.equal(first.count('error'), 0);
    });

    test(`pings are answered over ${way}`, async (t) => {
        const player = await Player.connect(t, hubs[0], ada, {transports});
        let pings = 0;
        player.socket.io.on('ping', () => (pings += 1));
        await until('three pings', () => pings >= 3, seconds(20));
        assert.equal(player.connections, 1);
    });
}

test('a missing or wrong token is an authentication error', async (t) => {
    const url = `http://${hubs[0].address}/games`;
    for (const transports of [['websocket'], ['polling']]) {
        for (const auth of [undefined, {}, {token: 'wrong'}, {token: `${ada.token}x`}, {token: 7}]) {
            const player = new Player(t, url, {transports, auth});
            await until('the error', () => player.errors.length === 1);
            assert.deepEqual(player.errors, ['Authentication error'], JSON.stringify(auth));
            player.socket.auth = {token: ada.token};
            player.socket.connect();
            await until('the namespace', () => player.connections === 1);
        }
    }
});

test('the token may be in the query or in a header instead, and a key may be one', async (t) => {
    const url = `http://${hubs[0].address}/games`;
    const ways = [
        {query: {token: ada.token}},
        {extraHeaders: {Authorization: `Bearer ${ada.token}`}},
        {auth: {token: apiKey}},
    ];
    for (const transports of [['websocket'], ['polling']]) {
        for (const way of ways) {
            const player = new Player(t, url, {transports, ...way});
            await until('the namespace', () => player.connections === 1);
            assert.deepEqual(player.errors, []);
        }
    }
});

test('namespaces that stand for nothing are refused', async (t) => {
    for (const space of ['', '/other', '/GameChannel']) {
        const auth = {token: ada.token};
        const player = new Player(t, `http://${hubs[0].address}${space}`, {auth});
        await until('the error', () => player.errors.length === 1);
        assert.deepEqual(player.errors, ['Invalid namespace'], space);
    }
});

test('a plain client of the hub plays in the same room', async (t) => {
    const gameId = newGame();
    const first = await Player.connect(t, hubs[0], ada);
    const second = await Subscriber.connect(t, cableOf(hubs[1], bob), {channel: 'GameChannel'});
    await first.join(gameId, ada);
    second.perform('join-game', {gameId});
    await first.event('user-joined', (m) => m.userId === String(bob.id));
    first.socket.emit('game-move', move(gameId, ada, 4));
    await second.message('the move', (m) => m.action === 'game-updated');
    second.perform('game-move', move(gameId, bob, 0));
    const {state} = await first.event('game-updated', (m) => m.lastMove.moveData.cell === 0);
    assert.equal(state.board, 'o---x----');
});

test('an event that asks for it is acknowledged', async (t) => {
    const player = await Player.connect(t, hubs[0], ada);
    const gameId = newGame();
    assert.deepEqual(await player.socket.emitWithAck('join-game', {gameId}), {ok: true});
    const refused = await player.socket.emitWithAck('join-game', {});
    assert.equal(refused.ok, false);
    assert.equal(refused.code, 'GAME_MOVE_ERROR');
    assert.match(refused.message, /gameId/);
    assert.match((await player.socket.emitWithAck('join-game', 'x')).message, /one object/);
});

test('binary data is refused and harms nothing', async (t) => {
    for (const transports of [['websocket'], ['polling']]) {
        const player = await Player.connect(t, hubs[0], ada, {transports});
        player.socket.emit('join-game', {gameId: Buffer.from([1, 2]), more: Buffer.from([3])});
        assert.equal((await player.event('error')).code, 'binary_not_supported');
        await player.join(newGame(), ada);
        assert.equal(player.connections, 1);
    }
});

test('who leaves or disconnects hears no more of that room, and all of the others', async (t) => {
    const {gameId, first, second} = await table(t);
    const other = newGame();
    await second.join(other, bob);
    const watcher = await Player.connect(t, hubs[1], bob);
    await watcher.join(gameId, bob);
    second.socket.emit('leave-game', {gameId});
    await first.event('user-left', (m) => m.userId === String(bob.id));
    first.socket.emit('game-move', move(gameId, ada, 0));
    await watcher.event('game-updated');
    await first.join(other, ada);
    await second.event('user-joined', (m) => m.gameId === other && m.userId === String(ada.id));
    assert.equal(second.count('game-updated'), 0);
    assert.equal(second.count('user-left'), 0);
    watcher.socket.disconnect();
    const before = watcher.heard.length;
    second.socket.emit('game-move', {...move(other, bob, 0)});
    await first.event('game-updated', (m) => m.gameId === other);
    assert.equal(watcher.heard.length, before);
});

test('two namespaces over one connection are left one by one', async (t) => {
    const first = await Player.connect(t, hubs[0], ada, {forceNew: false});
    const second = new Player(t, `http://${hubs[0].address}/more`, {
        forceNew: false,
        auth: {token: ada.token},
    });
    await until('the namespace', () => second.connections === 1);
    assert.equal(first.socket.io, second.socket.io);
    const gameId = newGame();
    await first.join(gameId, ada);
    await second.join(gameId, ada);
    first.socket.disconnect();
    const before = first.heard.length;
    const joined = second.count('user-joined');
    second.socket.emit('join-game', {gameId});
    await until('the event', () => second.count('user-joined') === joined + 1);
    assert.equal(first.heard.length, before);
});

test('nothing is lost or repeated while the transport changes', async (t) => {
    const gameId = newGame();
    const speaker = await Player.connect(t, hubs[1], bob, {transports: ['websocket']});
    for (let round = 0; round < 5; round += 1) {
        const player = await Player.connect(t, hubs[0], ada);
        await player.join(gameId, ada);
        const {length} = player.heard.filter(({name}) => name === 'user-joined');
        for (let n = 0; n < 50; n += 1) speaker.socket.emit('join-game', {gameId});
        await until('the change of transport', () => player.transport === 'websocket');
        await until('all', () => player.count('user-joined') >= length + 50);
        const times = player.heard.filter((m) => m.name === 'user-joined').map((m) => m.timestamp);
        assert.equal(times.length, length + 50);
        assert.deepEqual(times, times.toSorted());
        player.socket.disconnect();
    }
});

test('requests that the protocol does not know are refused by its codes', async (t) => {
    const base = `http://${hubs[0].address}/socket.io/`;
    const ask = async (query, options) => {
        const answer = await fetch(`${base}?${query}`, options);
        return [answer.status, (await answer.json()).code];
    };
    assert.deepEqual(await ask('EIO=4&transport=abc'), [400, 0]);
    assert.deepEqual(await ask('EIO=4&transport=polling&sid=none'), [400, 1]);
    assert.deepEqual(await ask('EIO=4&transport=polling', {method: 'POST', body: '3'}), [400, 2]);
    assert.deepEqual(await ask('EIO=4&transport=websocket'), [400, 3]);
    assert.deepEqual(await ask('EIO=3&transport=polling'), [400, 5]);
    const opened = await (await fetch(`${base}?EIO=4&transport=polling`)).text();
    const {sid, maxPayload, pingInterval, pingTimeout, upgrades} = JSON.parse(opened.slice(1));
    assert.deepEqual([maxPayload, pingInterval, pingTimeout], [65536, 1000, 20000]);
    assert.deepEqual(upgrades, ['websocket']);
    const session = `EIO=4&transport=polling&sid=${sid}`;
    const large = `4${'x'.repeat(maxPayload)}`;
    const answer = await fetch(`${base}?${session}`, {method: 'POST', body: large});
    assert.equal(answer.status, 413);
    assert.deepEqual(await ask(session, {method: 'POST', body: 'abc'}), [400, 3]);
    assert.deepEqual(await ask(session), [400, 1]);
});

test('after a crash of everything clients are back by themselves and can rejoin', async (t) => {
    // Clients know one address, whatever port the host takes; they wait while it has none.
    const proxy = await Proxy.start(t, async () => {
        const address = await until('a listener', () => hubs[0].address, seconds(60));
        return Number(address.split(':')[1]);
    });
    const near = {address: `127.0.0.1:${proxy.port}`};
    const gameId = newGame();
    const players = [];
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
        const player = await Player.connect(t, near, ada, {
            transports,
            reconnectionAttempts: 5,
            reconnectionDelay: 1000,
        });
        player.socket.on('connect', () => player.socket.emit('join-game', {gameId}));
        await player.join(gameId, ada);
        players.push(player);
    }
    await host.kill();
    for (const player of players) {
        await until('the end of the connection', () => !player.socket.connected);
        player.heard = [];
    }
    await host.run();
    for (const player of players) {
        await until('the connection', () => player.connections === 2, seconds(40));
        await player.event('user-joined');
        assert.equal((await player.event('game-state')).gameId, gameId);
    }
});
