// A thousand WebSockets stay as they are while plugins beside them are switched and given other
// settings, wherever those run.
import assert from 'node:assert/strict';
import test from 'node:test';
import WebSocket from 'ws';
import {Api} from './lib/api.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const count = 1000;
const atOnce = 50;
const identifier = JSON.stringify({channel: 'StreamsChannel'});

// A connected subscriber that notes the URLs of streams whose creation it hears of, and its own end.
function subscribed(url) {
    const socket = new WebSocket(url, ['actioncable-v1-json']);
    const subscriber = {socket, created: [], isClosed: false};
    socket.on('close', () => (subscriber.isClosed = true));
    const confirmed = new Promise((resolve, reject) => {
        socket.once('error', reject);
        socket.on('message', (text) => {
            const {type, message} = JSON.parse(text);
            if (type === 'welcome') socket.send(JSON.stringify({command: 'subscribe', identifier}));
            if (type === 'confirm_subscription') resolve(subscriber);
            if (message?.action === 'created') subscriber.created.push(message.stream.url);
        });
    });
    return within('confirm_subscription', confirmed, seconds(20));
}

async function connect(t, listeners) {
    const subscribers = [];
    t.after(() => subscribers.forEach(({socket}) => socket.terminate()));
    while (subscribers.length < count) {
        const places = Array.from({length: atOnce}, (_, n) => listeners[n % listeners.length].cable);
        subscribers.push(...(await Promise.all(places.map(subscribed))));
    }
    return subscribers;
}

const everyoneHeard = (subscribers, urls) =>
    until(
        `${urls} at every socket`,
        () => subscribers.every(({created}) => created.join() === urls.join()),
        seconds(20),
    );

test(`${count} live WebSockets stay while other plugins are switched and set`, async (t) => {
    const host = await startTopology(t, chosenTopology);
    const api = new Api(host);
    const subscribers = await connect(t, host.listeners());
    const urls = ['https://twitch.tv/before'];
    await api.create({url: urls[0]});
    await everyoneHeard(subscribers, urls);

    const {nodes} = await api.expect(200, 'GET', '/nodes');
    const {node} = nodes.find(({plugins}) => plugins.some(({name}) => name === 'discovery'));
    const order = async (plugin, verb, state, body) => {
        const path = `/nodes/${node}/plugins/${plugin}/${verb}`;
        assert.equal((await api.expect(200, 'POST', path, body)).state, state, path);
    };
    await order('discovery', 'reconfigure', 'running', {settings: {seen_capacity: 5000}});
    for (const plugin of ['discovery', 'twitch-source']) {
        await order(plugin, 'disable', 'disabled');
        await order(plugin, 'enable', 'running');
    }
    for (const words of [
        ['plugins', 'reconfigure', 'discovery', 'seen_capacity=6000'],
        ['plugins', 'disable', 'discovery'],
        ['plugins', 'enable', 'discovery'],
        ['plugins', 'restart', 'discovery'],
        ['plugins', 'reset', 'discovery'],
        ['reload'],
    ]) {
        const {code, stderr} = await host.command(...words, '--node', node);
        assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    }

    urls.push('https://twitch.tv/after');
    await api.create({url: urls[1]});
    await everyoneHeard(subscribers, urls);
    assert.equal(subscribers.filter(({isClosed}) => isClosed).length, 0, 'no socket was closed');
});
