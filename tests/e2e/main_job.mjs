// The main job: a link dropped in chat is on every socket and in the list, once.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

test('a link posted in chat reaches every subscriber and the list, and no other spelling doubles it', async (t) => {
    const chat = await ChatServer.start(t);
    const host = await startTopology(t, chosenTopology, {irc: chat.url});
    const poster = await ChatUser.join(t, chat, '#streamwall', 'reporter');
    await poster.hostPresent();
    const subscribers = [];
    for (const {cable} of host.listeners()) {
        subscribers.push(await Subscriber.connect(t, cable), await Subscriber.connect(t, cable));
    }

    poster.post('Protest live in Seattle, WA https://www.twitch.tv/example?utm_source=x');

    for (const subscriber of subscribers) {
        const {stream} = await subscriber.created('https://twitch.tv/example');
        const {link, platform, city, state, country, status, source, posted_by} = stream;
        assert.deepEqual(
            {link, platform, city, state, country, status, source, posted_by},
            {
                link: 'https://twitch.tv/example',
                platform: 'twitch',
                city: 'Seattle',
                state: 'WA',
                country: 'US',
                status: 'checking',
                source: 'twitch',
                posted_by: 'reporter',
            },
        );
    }
    for (const listener of host.listeners()) {
        assert.deepEqual(
            await new Api(listener).withUrl('twitch.tv/example'),
            [subscribers[0].messages[0].stream],
            'the list holds what was broadcast',
        );
    }

    // The link after the other spelling is the sign that the spelling has been dealt with.
    poster.post('again: http://m.twitch.tv/Example/ and (www.twitch.tv/EXAMPLE)');
    poster.post('https://www.twitch.tv/afterwards');
    for (const subscriber of subscribers) {
        await subscriber.created('https://twitch.tv/afterwards');
        assert.equal(subscriber.count('created', 'https://twitch.tv/example'), 1);
    }
    assert.equal((await new Api(host).withUrl('twitch.tv/example')).length, 1);
    assert.equal((await new Api(host).all()).length, 2);
    await host.stop();
});
