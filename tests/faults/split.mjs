// Faults in a split system: each process, broker and database dies, hangs or is cut off under load.
// Nothing acknowledged may be lost, nothing may appear twice, and the whole must come back by itself.
// Prints a table of what was measured.
//
//   FAULTS=long   60 s outages as well as those of 5 s
//   FAULTS_ONLY   a part of the name of those to run
import assert from 'node:assert/strict';
import test from 'node:test';
import {Subscriber} from '../e2e/lib/cable.mjs';
import {ChatServer, ChatUser} from '../e2e/lib/chat.mjs';
import {startTopology} from '../e2e/lib/topology.mjs';
import {momentBetween, seconds, until} from '../e2e/lib/wait.mjs';
import {Traffic, assertNothingLost} from './traffic.mjs';

const outages = process.env.FAULTS === 'long' ? [5, 60] : [5];
const recoveryGoal = seconds(3);

const down = (name, length) => ({
    name: `kill -9 ${name}, ${length} s down`,
    break: (system) => system.kill(name),
    mend: (system) => system.restart(name),
    hurts: name,
    length,
});
const restarted = (name) => ({
    name: `kill -9 ${name}, started again at once`,
    break: (system) => system.kill(name),
    mend: (system) => system.restart(name),
    hurts: name,
    length: 0,
});
const hung = (name, length) => ({
    name: `SIGSTOP ${name} for ${length} s`,
    break: (system) => system.signal(name, 'SIGSTOP'),
    mend: (system) => system.signal(name, 'SIGCONT'),
    hurts: name,
    length,
});

const faults = [
    restarted('core'),
    restarted('ingest'),
    restarted('api-1'),
    restarted('api-2'),
    ...['nats', 'postgres', 'redis'].flatMap((name) => outages.map((length) => down(name, length))),
    {
        name: 'core and ingest cannot reach each other for 10 s',
        break: (system) => system.cut('ingest'),
        mend: (system) => system.join('ingest'),
        hurts: 'ingest',
        length: 10,
    },
    hung('core', 10),
    hung('ingest', 10),
].filter(({name}) => name.includes(process.env.FAULTS_ONLY ?? ''));

const rows = [];

function report() {
    const columns = Object.keys(rows[0] ?? {});
    const lines = [
        `| ${columns.join(' | ')} |`,
        `| ${columns.map(() => '---').join(' | ')} |`,
        ...rows.map((row) => `| ${columns.map((name) => row[name]).join(' | ')} |`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
}

async function run(t, fault) {
    const chat = await ChatServer.start(t);
    const system = await startTopology(t, 'split', {irc: chat.url});
    const hosts = system.listeners(); // [{name, url}], every node with an HTTP address
    const poster = await ChatUser.join(t, chat, '#streamwall', 'poster');
    await poster.hostPresent();
    const subscriber = await Subscriber.connect(t, () => system.cable);
    const traffic = new Traffic(hosts, poster);
    // A link said while nobody is in the channel is heard by nobody.
    traffic.listening = () => fault.hurts !== 'ingest' || !system.isHurt;
    traffic.start();
    await until('traffic', () => traffic.noted.size > 20 && traffic.posted.length > 5, seconds(20));

    system.isHurt = true;
    await fault.break(system);
    await momentBetween(fault.length * 1000, fault.length * 1000);
    await fault.mend(system);
    const writable = await traffic.untilWritable();
    const heard = await traffic.untilHeard();
    await poster.hostPresent([poster.nick, /^(chat|heard)_/].flat());
    system.isHurt = false;
    await traffic.stop();
    await until(
        'the last link in the list',
        async () => (await traffic.account()).lost === 0,
        seconds(20),
    ).catch(() => {});
    const account = await traffic.account();
    rows.push({
        fault: fault.name,
        acknowledged: account.acknowledged,
        'from chat': account.heard,
        lost: account.lost,
        doubled: account.doubled,
        'answers 503': account.refused,
        'no answer': account.unanswered,
        'reads failed': `${traffic.reads.failed} of ${traffic.reads.made}`,
        'writes again after': `${Math.round(writable)} ms`,
        'chat again after': `${Math.round(heard)} ms`,
        'slowest /health/live': `${Math.round(traffic.probes.slowest)} ms`,
    });
    assertNothingLost(account);
    const actions = new Set(subscriber.messages.map(({action, stream}) => `${action} ${stream.id} ${stream.version}`));
    assert.equal(actions.size, subscriber.messages.length, 'no change came twice to a subscriber');
    assert.ok(writable < recoveryGoal, `writes took ${writable} ms to come back`);
    assert.ok(heard < recoveryGoal * 2, `chat took ${heard} ms to come back`);
}

test.after(report);
for (const fault of faults) test(fault.name, (t) => run(t, fault));
