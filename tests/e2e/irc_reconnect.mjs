// The chat server dies and comes back: the host is degraded meanwhile, rejoins by itself and goes on.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Subscriber} from './lib/cable.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

const channels = ['#streamwall', '#second'];

test('the host rejoins all its channels after the chat server was killed', async (t) => {
    const chat = await ChatServer.start(t);
    const host = await startTopology(t, chosenTopology, {
        irc: chat.url,
        channels: channels.join(','),
    });
    const subscriber = await Subscriber.connect(t, host.cable);
    await until('health ok', async () => (await host.health()) === 'ok', seconds(20));

    await chat.kill();
    await until(
        'health degraded',
        async () => (await host.health()) === 'degraded',
        seconds(20),
    );
    for (const path of ['/health', '/health/ready']) {
        assert.equal((await fetch(host.url + path)).status, 200, 'a chat server is no condition');
    }

    await chat.run();
    for (const [index, channel] of channels.entries()) {
        const user = await ChatUser.join(t, chat, channel, `poster${index}`);
        await user.hostPresent(undefined, seconds(60));
        user.post(`back again https://twitch.tv/back_${index}`);
        await subscriber.created(`https://twitch.tv/back_${index}`);
    }
    await until('health ok again', async () => (await host.health()) === 'ok', seconds(20));
    await host.stop();
});
