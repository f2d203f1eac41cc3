// Crashes at random moments of busy writing: whatever was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import test from 'node:test';
import {isDeepStrictEqual} from 'node:util';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {assertComplete} from './lib/journal.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {momentBetween, seconds, until} from './lib/wait.mjs';
import {Writer} from './lib/writer.mjs';

const kills = Number(process.env.E2E_KILLS ?? 10);

// Whether a message begins where the one before it ended: a burst may merge updates into one.
const follows = ({changes = {}}, before) =>
    Object.entries(changes).every(([field, {from}]) => isDeepStrictEqual(from, before[field]));

// In the order of arrival, no step of a stream is left out; at least once means that some may come
// again.
function assertOrdered(messages) {
    const newest = new Map();
    for (const message of messages) {
        const {stream} = message;
        const before = newest.get(stream.id);
        assert.ok(
            !before || stream.version <= before.version + 1 || follows(message, before),
            `stream ${stream.id}: version ${stream.version} came after ${before?.version}`,
        );
        if (!before || before.version < stream.version) newest.set(stream.id, stream);
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
