// A channel that a plugin defines (sdk/examples/game-table), with players on two hubs.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {createCable} from '@anycable/core';
import WebSocket from 'ws';
import {Subscriber} from './lib/cable.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {seconds, until} from './lib/wait.mjs';
import {startWithPlugin, twoHubs} from './lib/with_plugin.mjs';

const host = await startWithPlugin({after}, 'game-table');
const hubs = twoHubs(host);
const ada = await signUp(host);
const bob = await signUp(host);

const join = (t, hub, who) => Subscriber.connect(t, cableOf(hub, who), {channel: 'GameChannel'});

const move = (gameId, who, cell) => ({
    type: 'game-move',
    gameId,
    data: {playerId: String(who.id), moveData: {cell}},
    timestamp: new Date().toISOString(),
});

async function table(t, gameId) {
    const players = [await join(t, hubs[0], ada), await join(t, hubs[1], bob)];
    for (const [index, who] of [ada, bob].entries()) {
        players[index].perform('join-game', {gameId});
        await players[index].message(
            'joined',
            (m) => m.action === 'user-joined' && m.userId === String(who.id),
        );
    }
    return players;
}

test('players on two hubs hear who joins and what is played', async (t) => {
    const [first, second] = await table(t, 'g1');
    const seen = await first.message('bob', (m) => m.userId === String(bob.id));
    assert.equal(seen.gameId, 'g1');
    assert.match(seen.timestamp, /^\d{4}-.*Z$/);
    first.perform('game-move', move('g1', ada, 4));
    for (const player of [first, second]) {
        const {state, lastMove, gameId, timestamp} = await player.message(
            'the move',
            (m) => m.action === 'game-updated',
        );
        assert.deepEqual(lastMove, {playerId: String(ada.id), moveData: {cell: 4}});
        assert.equal(state.board, '----x----');
        assert.equal(gameId, 'g1');
        assert.ok(timestamp);
    }
});

test('what is wrong goes to the sender alone', async (t) => {
    const [first, second] = await table(t, 'g2');
    const tries = [
        [move('g2', bob, 0), /not your turn/],
        [{...move('g2', bob, 0), data: {}}, /data\.playerId/],
        [move('g2', ada, 0), /not you/],
        [{}, /gameId/],
    ];
    for (const [index, [message, expected]] of tries.entries()) {
        second.perform('game-move', message);
        const errors = () => second.messages.filter((m) => m.action === 'error');
        const {code, message: text} = await until('the error', () => errors()[index]);
        assert.equal(code, 'GAME_MOVE_ERROR');
        assert.match(text, expected);
    }
    first.perform('game-move', move('g2', ada, 0));
    await second.message('the move', (m) => m.action === 'game-updated');
    assert.ok(!first.messages.some((m) => m.action === 'error'));
});

test('of many moves at a time each turn takes one, on whatever hub they come', async (t) => {
    const [first, second] = await table(t, 'g3');
    const again = await join(t, hubs[1], ada);
    for (let cell = 0; cell < 9; cell += 1) {
        first.perform('game-move', move('g3', ada, cell));
        again.perform('game-move', move('g3', ada, 8 - cell));
    }
    const refused = (who) => who.messages.filter((m) => m.action === 'error').length;
    await until('17 refusals', () => refused(first) + refused(again) === 17);
    const moves = () => second.messages.filter((m) => m.action === 'game-updated');
    await until('the move', () => moves().length === 1);
    assert.equal(moves()[0].state.board.replaceAll('-', ''), 'x');
});

test('other games and those who have left hear nothing', async (t) => {
    const [first, second] = await table(t, 'g4');
    const [other] = await table(t, 'g5');
    second.subscription.unsubscribe();
    const before = [second.messages.length, other.messages.length];
    first.perform('game-move', move('g4', ada, 0));
    await first.message('the move', (m) => m.action === 'game-updated');
    first.perform('game-move', move('g4', ada, 1));
    await first.message('the refusal', (m) => m.action === 'error');
    assert.deepEqual([second.messages.length, other.messages.length], before);
});

test('the plugin comes back, and its members with it', async (t) => {
    const [first, second] = await table(t, 'g6');
    const node = host.listeners().length > 1 ? 'core' : 'main';
    const {code, stderr} = await host.command('plugins', 'restart', 'game-table', '--node', node);
    assert.equal(code, 0, stderr);
    let cell = 0;
    await until('a move to be made', () => {
        first.perform('game-move', move('g6', ada, cell));
        cell = (cell + 1) % 9;
        return second.messages.some((m) => m.action === 'game-updated');
    });
});

test('a client of the extended protocol is back in its room after a break', async (t) => {
    const sockets = [];
    class Breakable extends WebSocket {
        constructor(...options) {
            super(...options);
            sockets.push(this);
        }
    }
    const cable = createCable(cableOf(hubs[0], bob), {
        protocol: 'actioncable-v1-ext-json',
        websocketImplementation: Breakable,
        reconnectStrategy: () => 20,
    });
    cleanUp(t, () => cable.disconnect());
    const streams = cable.subscribeTo('StreamsChannel', {});
    const game = cable.subscribeTo('GameChannel', {});
    const heard = [];
    game.on('message', (message) => heard.push(message));
    await Promise.all([streams.ensureSubscribed(), game.ensureSubscribed()]);
    const joined = () => heard.filter((m) => m.action === 'game-state').length;
    await game.perform('join-game', {gameId: 'g8'});
    await until('the game', () => joined() === 1);
    sockets.at(-1).terminate();
    await until(
        'the connection',
        () => sockets.length === 2 && game.state === 'connected' && streams.state === 'connected',
        seconds(20),
    );
    await game.perform('join-game', {gameId: 'g8'});
    await until('the game again', () => joined() === 2);
});

test('after a crash of everything players are back by themselves and can rejoin', async (t) => {
    const url = () => cableOf(hubs[0], ada);
    const player = await Subscriber.connect(t, url, {channel: 'GameChannel'});
    const joined = () => player.messages.filter((m) => m.action === 'game-state').length;
    player.perform('join-game', {gameId: 'g7'});
    await until('the game', () => joined() === 1);
    await host.kill();
    await host.run();
    await until('the connection', () => player.connections === 2, seconds(40));
    player.perform('join-game', {gameId: 'g7'});
    await until('the game again', () => joined() === 2);
});
