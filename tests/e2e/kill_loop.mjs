// Crashes at random moments of busy writing: whatever was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {Host} from './lib/host.mjs';
import {assertComplete, journal} from './lib/journal.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {databaseIn, integrity} from './lib/sqlite.mjs';
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
    const dataDir = scratchFolder(t);
    const writer = new Writer('kill');
    for (let kill = 0; kill < kills; kill += 1) {
        const host = await Host.start(t, {dataDir});
        if (kill > 0) await writer.verify(host);
        const subscriber = await Subscriber.connect(t, host.cable);
        const before = writer.acknowledged;
        writer.start(host);
        await until('the first acknowledged write', () => writer.acknowledged > before);
        await momentBetween(20, 300);
        await host.kill();
        await writer.stop();
        subscriber.consumer.disconnect();
        assertOrdered(subscriber.messages);
    }

    const host = await Host.start(t, {dataDir});
    const there = await writer.verify(host);
    const subscriber = await Subscriber.connect(t, host.cable);
    await new Api(host).create({url: 'https://twitch.tv/after_all_kills'});
    await subscriber.created('https://twitch.tv/after_all_kills', seconds(20));
    await host.stop();

    assert.equal(await integrity(databaseIn(dataDir)), 'ok');
    const last = (await journal(dataDir)).filter(({subject}) => /^stream\//.test(subject));
    assert.equal(last.at(-1).type, 'stream.created', 'the journal goes on after the crashes');
    const untilKills = (await journal(dataDir)).slice(0, -1);
    assertComplete(untilKills, [...there.values()]);
    t.diagnostic(
        `${kills} kills, ${writer.acknowledged} acknowledged writes, ${there.size} streams`,
    );
});
