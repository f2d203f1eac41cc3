// The host dies at a named point between two steps; after a restart each write has happened wholly or
// not at all, and what chat brought in is there once.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {ChatServer, ChatUser} from './lib/chat.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {Host} from './lib/host.mjs';
import {assertComplete, journal} from './lib/journal.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {databaseIn, integrity, query} from './lib/sqlite.mjs';
import {seconds, until, within} from './lib/wait.mjs';

// What a client may find after a crash at each point, in the order in which a write passes them.
const points = [
    {point: 'before_commit', kept: false},
    {point: 'after_commit', kept: true},
    {point: 'before_publish', kept: true},
    {point: 'before_reply', kept: true},
];

async function assertSound(dataDir, streams) {
    const file = databaseIn(dataDir);
    assert.equal(await integrity(file), 'ok');
    assert.deepEqual(await query(file, 'PRAGMA journal_mode'), [{journal_mode: 'wal'}]);
    assertComplete(await journal(dataDir), streams);
}

// A host that is ready and dies at the next passage of the point. Its own start may pass the point as
// well: then a start has got further (the second try), or a later passage is the one to die at.
async function startDoomed(t, point, options) {
    for (let attempt = 0; attempt < 20; attempt += 1) {
        const passage = 1 + Math.floor(attempt / 2);
        const host = new Host({...options, env: {FAULT_AT: `${point}:${passage}`}});
        cleanUp(t, () => host.kill());
        try {
            await host.ready();
            return host;
        } catch (error) {
            if (host.child.alive) throw error;
        }
    }
    throw new Error(`the host passes ${point} too often before it is ready`);
}

// A start and a graceful stop: nothing of a start to come is left to be done for the first time.
async function settle(t, dataDir) {
    const host = await Host.start(t, {dataDir});
    await host.stop();
}

async function dies(host, point) {
    await within(`death of the host at ${point}`, host.exited, seconds(20));
}

for (const {point, kept} of points) {
    test(`a crash at ${point} leaves a write by REST ${kept ? 'whole' : 'undone'}`, async (t) => {
        const dataDir = scratchFolder(t);
        const good = await Host.start(t, {dataDir});
        const old = await new Api(good).create({url: 'https://twitch.tv/old', title: 'before'});
        await good.stop();

        const create = {url: 'https://twitch.tv/fresh', title: 'new'};
        const writes = [
            ['POST', '/streams', create],
            ['PATCH', `/streams/${old.id}`, {title: 'after'}],
        ];
        for (const [method, path, body] of writes) {
            await settle(t, dataDir);
            const host = await startDoomed(t, point, {dataDir});
            await assert.rejects(
                new Api(host).request(method, path, body),
                'the host died before it answered',
            );
            await dies(host, point);
        }

        const host = await Host.start(t, {dataDir});
        const api = new Api(host);
        assert.equal((await api.get(old.id)).title, kept ? 'after' : 'before');
        assert.equal((await api.withUrl(create.url)).length, kept ? 1 : 0);
        // The client does what clients do: it asks again.
        const again = await api.request('POST', '/streams', create);
        assert.equal(again.status, kept ? 200 : 201);
        const streams = await api.all();
        assert.equal(streams.length, 2);
        await host.stop();
        await assertSound(dataDir, streams);
    });
}

for (const point of [...points.map((entry) => entry.point), 'before_ack']) {
    test(`a crash at ${point} neither loses nor doubles a link from chat`, async (t) => {
        const chat = await ChatServer.start(t);
        const dataDir = scratchFolder(t);
        const poster = await ChatUser.join(t, chat, '#streamwall', 'reporter');
        await settle(t, dataDir);
        const dying = await startDoomed(t, point, {dataDir, irc: chat.url});
        await poster.hostPresent();
        poster.post('live in Portland, OR https://www.twitch.tv/crashed');
        await dies(dying, point);

        const host = await Host.start(t, {dataDir, irc: chat.url});
        const api = new Api(host);
        // Before the first commit nobody had been promised anything: the message is lost with the
        // process, and the poster's next one has to do. After it the link must come by itself.
        if (point === 'before_commit') {
            await poster.hostPresent();
            poster.post('again https://www.twitch.tv/crashed');
        }
        const [stream] = await until(
            'the stream from chat',
            async () => {
                const found = await api.withUrl('twitch.tv/crashed');
                return found.length > 0 && found;
            },
            seconds(20),
        );
        assert.equal(stream.version, 1);

        // A second link shows that everything before it has been worked off, repeats included.
        await poster.hostPresent();
        poster.post('https://www.twitch.tv/after_the_crash');
        await until(
            'the link after it',
            async () => (await api.withUrl('twitch.tv/after_the_crash')).length === 1,
            seconds(20),
        );
        assert.deepEqual(await api.withUrl('twitch.tv/crashed'), [stream]);
        const streams = await api.all();
        assert.equal(streams.length, 2);
        await host.stop();
        await assertSound(dataDir, streams);
    });
}
