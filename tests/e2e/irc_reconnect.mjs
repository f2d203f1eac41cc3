// The chat server dies and comes back: the host is degraded meanwhile, rejoins by itself and goes on.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Subscriber} from './lib/cable.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {Host} from './lib/host.mjs';
import {seconds, until} from './lib/wait.mjs';

const channels = ['#streamwall', '#second'];

async function health(host) {
    const response = await fetch(`${host.url}/health`);
    return {code: response.status, ...(await response.json())};
}

test('the host rejoins all its channels after the chat server was killed', async (t) => {
    const chat = await ChatServer.start(t);
    const host = await Host.start(t, {irc: chat.url, channels: channels.join(',')});
    const subscriber = await Subscriber.connect(t, host.cable);
    await until('health ok', async () => (await health(host)).status === 'ok', seconds(20));

    await chat.kill();
    await until(
        'health degraded',
        async () => (await health(host)).status === 'degraded',
        seconds(20),
    );
    assert.equal((await health(host)).code, 200, 'degraded is still 200');
    assert.equal(
        (await fetch(`${host.url}/health/ready`)).status,
        200,
        'a chat server is no condition',
    );

    await chat.run();
    for (const [index, channel] of channels.entries()) {
        const user = await ChatUser.join(t, chat, channel, `poster${index}`);
        await user.hostPresent(undefined, seconds(60));
        user.post(`back again https://twitch.tv/back_${index}`);
        await subscriber.created(`https://twitch.tv/back_${index}`);
    }
    await until('health ok again', async () => (await health(host)).status === 'ok', seconds(20));
    await host.stop();
});
