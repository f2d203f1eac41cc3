// Crashes at random moments of busy writing: whatever was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {assertComplete} from './lib/journal.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {momentBetween, seconds, until} from './lib/wait.mjs';
import {Writer} from './lib/writer.mjs';

const kills = Number(process.env.E2E_KILLS ?? 10);

// In the order of arrival, versions of one stream grow; at least once means that some may come again.
function assertOrdered(messages) {
    const highest = new Map();
    for (const {stream} of messages) {
        const last = highest.get(stream.id);
        assert.ok(
            last === undefined || stream.version <= last + 1,
            `stream ${stream.id}: version ${stream.version} came after ${last}`,
        );
        highest.set(stream.id, Math.max(last ?? 0, stream.version));
    }
}

test(`${kills} kills while writing lose nothing, double nothing and keep the order`, async (t) => {
    const host = await startTopology(t, chosenTopology);
    const writer = new Writer('kill');
    for (let kill = 0; kill < kills; kill += 1) {
        const subscriber = await Subscriber.connect(t, host.cable);
        const before = writer.acknowledged;
        writer.start(host);
        await until('the first acknowledged write', () => writer.acknowledged > before);
        await momentBetween(20, 300);
        await host.kill();
        await writer.stop();
        subscriber.consumer.disconnect();
        assertOrdered(subscriber.messages);
        assert.equal(await host.damage(), '');
        await host.run();
        await writer.verify(host);
    }

    const there = await writer.verify(host);
    assertComplete(await host.events('>'), [...there.values()]);
    const subscriber = await Subscriber.connect(t, host.cable);
    await new Api(host).create({url: 'https://twitch.tv/after_all_kills'});
    await subscriber.created('https://twitch.tv/after_all_kills', seconds(20));
    const last = (await host.events('stream.*')).at(-1);
    assert.equal(last.type, 'stream.created', 'the journal goes on after the crashes');
    await host.stop();
    t.diagnostic(
        `${kills} kills, ${writer.acknowledged} acknowledged writes, ${there.size} streams`,
    );
});
