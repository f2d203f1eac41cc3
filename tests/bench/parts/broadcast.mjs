// One broadcast to 1,000 subscribers, beside one send() of a frame made beforehand to each of as
// many; and the memory that an idle subscriber costs.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import {cleanUpAtExit} from '../../e2e/lib/cleanup.mjs';
import {seconds, within} from '../../e2e/lib/wait.mjs';
import {memoryOf} from '../lib/machine.mjs';
import {bin, cableLoad, fill, key, startHost, startPeer} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'Broadcast at /cable';

const subscribers = 1000;
const streams = 100;
const broadcasts = 200;

// Modes: one broadcast after the other gives latencies, four at a time the rate.
const inTurn = 1;
const overlapping = 4;

async function broadcastOf(t, rounds) {
    const host = await startHost(t);
    await fill(host, streams);
    const load = (port, pid, window) =>
        cableLoad('broadcast', port, key, pid, subscribers, broadcasts, window, streams);
    const {bytes} = await load(host.port, host.pid, inTurn);
    const bare = await startPeer(t, 'bare_send', bytes);
    const both = (window) =>
        alternate(rounds, {
            ours: () => load(host.port, host.pid, window),
            bare: () => load(bare.port, bare.pid, window),
        });
    return {bytes, inTurn: await both(inTurn), overlapping: await both(overlapping)};
}

// Bytes of resident memory that each of `count` idle subscribers adds to a fresh server.
async function memoryPerSubscriber({pid, port}, count) {
    const before = memoryOf(pid).rss;
    const load = spawn(path.join(bin, 'cable_load'), ['hold', port, key, count], {
        stdio: ['pipe', 'pipe', 'inherit'],
    });
    const undo = cleanUpAtExit(() => load.kill('SIGKILL'));
    const lines = readline.createInterface({input: load.stdout});
    const [line] = await within('subscribers', once(lines, 'line'), seconds(30));
    if (JSON.parse(line).subscribed !== count) throw new Error(`subscribed: ${line}`);
    const after = memoryOf(pid).rss;
    load.stdin.end();
    await within('the end of the load', once(load, 'exit'));
    undo();
    return ((after - before) * 1024) / count;
}

export async function run(t, {rounds, fresh}) {
    const {bytes, ...modes} = await broadcastOf(t, rounds);
    const lostBy = (side) =>
        Object.values(modes)
            .flatMap((sides) => sides[side])
            .reduce((sum, result) => sum + result.lost, 0);
    const lost = lostBy('ours');
    const cpu = medianOf(modes.inTurn.ours, 'cpu_us');
    const floorCpu = medianOf(modes.inTurn.bare, 'cpu_us');
    const of = (mode, member) =>
        ['ours', 'bare'].map((side) => rounded(medianOf(modes[mode][side], member)));
    const [rate, floorRate] = of('overlapping', 'per_second');
    const [p50, floorP50] = of('inTurn', 'p50_us');
    const [p99, floorP99] = of('inTurn', 'p99_us');
    const rows = [
        {
            figure: `server CPU a delivery, ${subscribers} sockets, ${bytes} bytes, PATCH included`,
            measured: `${rounded(cpu)} us (${rounded(cpu / floorCpu)} x)`,
            floor: `${rounded(floorCpu)} us bare send()`,
        },
        {figure: 'deliveries/s, four broadcasts at a time', measured: rate, floor: floorRate},
        {figure: 'PATCH sent to frame read, p50', measured: `${p50} us`, floor: `${floorP50} us`},
        {figure: 'PATCH sent to frame read, p99', measured: `${p99} us`, floor: `${floorP99} us`},
        {
            figure: 'deliveries lost',
            measured: String(lost),
            floor: String(lostBy('bare')),
            goal: '0',
            met: lost === 0,
        },
    ];
    const memory = {};
    for (const count of [1000, 5000]) {
        const ours = await fresh(async (each) => {
            return memoryPerSubscriber(await startHost(each), count);
        });
        const floor = await fresh(async (each) => {
            return memoryPerSubscriber(await startPeer(each, 'bare_send', bytes), count);
        });
        memory[count] = {ours, floor};
        rows.push({
            figure: `memory of an idle subscriber, ${count} of them, no TLS`,
            measured: `${rounded(ours)} bytes`,
            floor: `${rounded(floor)} bytes`,
            goal: '<= 4096 bytes',
            met: ours <= 4096,
        });
    }
    return {
        rows,
        spread: spread(modes.inTurn.ours.map((result) => result.cpu_us)),
        results: {bytes, ...modes, memory},
    };
}
