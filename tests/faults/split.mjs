// Faults in a split system: each process, broker and database dies, hangs or is cut off under load.
// Nothing acknowledged may be lost, nothing may appear twice, and the whole must come back by itself.
// Prints a table of what was measured.
//
//   node split.mjs [nodes | servers | hangs | partition]
//
//   FAULTS=long   outages of 60 s as well as those of 5 s
//   FAULTS_ONLY   a part of the name of those to run; several with commas
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import {cleanUp} from '../e2e/lib/cleanup.mjs';
import {Subscriber} from '../e2e/lib/cable.mjs';
import {ChatServer, ChatUser} from '../e2e/lib/chat.mjs';
import {scratchFolder} from '../e2e/lib/processes.mjs';
import {startTopology} from '../e2e/lib/topology.mjs';
import {momentBetween, seconds, until} from '../e2e/lib/wait.mjs';
import {Traffic, assertNothingLost} from './traffic.mjs';

const outages = process.env.FAULTS === 'long' ? [5, 60] : [5];
const recoveryGoal = seconds(3);

// `hurts` is the process that the fault is about. `reads` says that the records stay within reach.
// Times count from the moment that `mend` says: the start of a node, the first connection that a
// server takes.
const nodeDown = (name, more) => ({
    hurts: name,
    break: (system) => system.kill(name),
    mend: async (system) => {
        const begun = performance.now();
        await system.restart(name);
        return begun;
    },
    ...more,
});
const serverDown = (name, more) => ({
    hurts: name,
    break: (system) => system.kill(name),
    mend: async (system) => {
        await system.restart(name);
        return performance.now();
    },
    ...more,
});
const hung = (name, length, more) => ({
    name: `SIGSTOP ${name}, ${length} s`,
    hurts: name,
    length,
    break: (system) => system.signal(name, 'SIGSTOP'),
    mend: (system) => {
        system.signal(name, 'SIGCONT');
        return performance.now();
    },
    ...more,
});
const forEachOutage = (make, name, more) =>
    outages.map((length) => make(name, {name: `kill -9 ${name}, down ${length} s`, length, ...more}));

const wipedNats = serverDown('nats', {
    name: 'kill -9 nats, back empty at once',
    length: 0,
    break: async (system, t) => {
        await system.kill('nats');
        system.servers.nats.folder = scratchFolder(t, 'nats-empty');
    },
});
const partition = {
    name: 'ingest cut off from all others, 10 s',
    hurts: 'ingest',
    length: 10,
    reads: true,
    break: (system) => system.cut('ingest'),
    mend: (system) => {
        system.join('ingest');
        return performance.now();
    },
};

// A server that works in several processes hangs with all of them.
const hungPostgres = hung('postgres', 10, {
    break: (system, t) => {
        const {pid} = system.servers.postgres.child.process;
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
        system.stopped = [pid, ...children.trim().split(' ').map(Number)];
        cleanUp(t, () => goOn(system));
        for (const one of system.stopped) process.kill(one, 'SIGSTOP');
    },
    mend: (system) => {
        goOn(system);
        return performance.now();
    },
});

function goOn(system) {
    for (const one of system.stopped.splice(0)) process.kill(one, 'SIGCONT');
}

const groups = {
    nodes: [
        ...forEachOutage(nodeDown, 'core'),
        ...forEachOutage(nodeDown, 'ingest', {reads: true, leavesChat: true}),
        ...forEachOutage(nodeDown, 'api-1', {reads: true}),
        ...forEachOutage(nodeDown, 'api-2', {reads: true}),
    ],
    servers: [
        ...forEachOutage(serverDown, 'nats'),
        wipedNats,
        ...forEachOutage(serverDown, 'postgres'),
        ...forEachOutage(serverDown, 'redis', {reads: true}),
    ],
    hangs: [
        hung('core', 10),
        hung('ingest', 10, {reads: true}),
        hung('api-1', 10, {reads: true}),
        hungPostgres,
    ],
    partition: [partition],
};
const [group = Object.keys(groups)] = process.argv.slice(2);
const only = (process.env.FAULTS_ONLY ?? '').split(',');
const faults = [group]
    .flat()
    .flatMap((name) => groups[name])
    .filter(({name}) => only.some((part) => name.includes(part)));

const rows = [];

function report() {
    if (rows.length === 0) return;
    const columns = Object.keys(rows[0]);
    const lines = [
        `| ${columns.join(' | ')} |`,
        `| ${columns.map(() => '---').join(' | ')} |`,
        ...rows.map((row) => `| ${columns.map((name) => row[name]).join(' | ')} |`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
}

// The host reads chat without a login, under a name that Twitch gives to such.
const hostIsHeard = (poster) =>
    until(
        'the host in the channel',
        async () => (await poster.names()).some((name) => /^@?justinfan/.test(name)),
        seconds(30),
    );

// What the socket's client was told: each change once, and of every stream that there is.
function assertToldOnce(subscriber, streams, isWhole) {
    const name = ({action, stream}) => `${action} ${stream.id} ${stream.version}`;
    const told = subscriber.messages.map(name);
    const twice = told.filter((one, at) => told.indexOf(one) !== at);
    assert.deepEqual(twice, [], 'no change came twice to a subscriber');
    if (!isWhole) return;
    const created = new Set(subscriber.messages.map(({action, stream}) => `${action} ${stream.id}`));
    const untold = streams.filter(({id}) => !created.has(`created ${id}`)).map(({url}) => url);
    assert.deepEqual(untold, [], 'every stream came to the subscriber');
}

async function run(t, fault) {
    const chat = await ChatServer.start(t);
    const system = await startTopology(t, 'split', {irc: chat.url});
    const poster = await ChatUser.join(t, chat, '#streamwall', 'poster');
    await hostIsHeard(poster);
    const subscriber = await Subscriber.connect(t, () => system.cable);
    const hosts = system.listeners();
    const traffic = new Traffic(hosts, poster);
    // A new node first looks around which journals there are; from then on all is told at once.
    await traffic.write(traffic.apis[0], 'https://twitch.tv/first');
    await subscriber.created('https://twitch.tv/first');
    traffic.start();
    await until('traffic', () => traffic.noted.size > 20 && traffic.posted.length > 5, seconds(20));

    if (fault.leavesChat) traffic.deafen();
    await fault.break(system, t);
    await momentBetween(fault.length * 1000, fault.length * 1000);
    const mended = await fault.mend(system);
    const since = () => performance.now() - mended;
    const [writable, heard] = await Promise.all([
        traffic.untilWritable().then(since),
        traffic.untilHeard().then(since),
    ]);
    await hostIsHeard(poster);
    traffic.isHeard = true;
    await until('more traffic', () => traffic.posted.at(-1)?.at > mended, seconds(5));
    await traffic.stop();
    const account = await settled(traffic, subscriber);
    row(fault, traffic, account, {writable, heard});

    assertNothingLost(traffic, account);
    assertToldOnce(subscriber, account.streams, fault.hurts !== 'api-1');
    for (const [{host}, tally] of traffic.tallies) {
        if (host.name === fault.hurts) continue;
        assert.equal(tally.unanswered, 0, `${host.name} answers everything`);
        if (fault.reads) assert.equal(tally.readsFailed, 0, `${host.name} reads on`);
    }
    assert.ok(writable < recoveryGoal, `writes took ${Math.round(writable)} ms to come back`);
    assert.ok(heard < recoveryGoal, `chat took ${Math.round(heard)} ms to come back`);
}

// The account once nothing is under way any more.
async function settled(traffic, subscriber) {
    let account;
    await until(
        'the last link in the list and on the socket',
        async () => {
            account = await traffic.account();
            const created = subscriber.messages.filter(({action}) => action === 'created');
            const told = new Set(created.map(({stream}) => stream.id));
            return account.lost.length === 0 && account.streams.every(({id}) => told.has(id));
        },
        seconds(5),
    ).catch(() => {});
    return account;
}

function row(fault, traffic, account, {writable, heard}) {
    rows.push({
        fault: fault.name,
        acknowledged: traffic.noted.size,
        'from chat': traffic.posted.length,
        lost: account.lost.length,
        doubled: account.doubled.length,
        'answers 503': traffic.sum('refused'),
        'no answer': traffic.sum('unanswered'),
        'reads failed': `${traffic.sum('readsFailed')} of ${traffic.sum('reads')}`,
        'writes again after': `${Math.round(writable)} ms`,
        'chat again after': `${Math.round(heard)} ms`,
        'slowest read': `${Math.round(traffic.slowest('slowestRead'))} ms`,
        'slowest /health/live': `${Math.round(traffic.slowest('slowestProbe'))} ms`,
    });
}

test.after(report);
for (const fault of faults) test(fault.name, (t) => run(t, fault));
