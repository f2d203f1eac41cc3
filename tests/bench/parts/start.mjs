// From exec to the first 200 of /health/ready with config/monolith.yaml as it is, in a fresh folder;
// and what the idle host keeps in memory.
import net from 'node:net';
import path from 'node:path';
import {freePort, output, scratchFolder} from '../../e2e/lib/processes.mjs';
import {cleanUp} from '../../e2e/lib/cleanup.mjs';
import {Host} from '../../e2e/lib/host.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {memoryOf} from '../lib/machine.mjs';
import {bin} from '../lib/programs.mjs';
import {median, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'Start and memory of config/monolith.yaml';

// True where the port answers 200; false where it refuses, or answers otherwise.
function isReady(port) {
    return new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () =>
            socket.write('GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n'),
        );
        socket.once('data', (data) => {
            socket.destroy();
            resolve(data.toString('latin1').startsWith('HTTP/1.1 200'));
        });
        socket.once('error', () => resolve(false));
        socket.once('close', () => resolve(false));
    });
}

const nextMillisecond = () => new Promise((resolve) => setTimeout(resolve, 1));

async function startOnce(t) {
    const port = await freePort();
    const dataDir = scratchFolder(t, 'streamwall-bench');
    const begin = performance.now();
    const host = new Host({dataDir, env: {STREAMWALL_LISTEN: `127.0.0.1:${port}`}});
    cleanUp(t, () => host.kill());
    while (!(await isReady(port))) {
        if (!host.child.alive || performance.now() - begin > seconds(20)) {
            throw new Error('the host did not get ready');
        }
        await nextMillisecond();
    }
    const ready_ms = performance.now() - begin;
    const memory = memoryOf(host.child.process.pid);
    await host.stop();
    return {ready_ms, ...memory};
}

// What loading the program and its libraries takes alone.
async function loadOnce() {
    const begin = performance.now();
    await output(path.join(bin, 'streamwall'), ['version']);
    return performance.now() - begin;
}

export async function run(_, {rounds, fresh}) {
    const starts = [];
    const loads = [];
    for (let round = 0; round < rounds; round += 1) {
        loads.push(await loadOnce());
        starts.push(await fresh(startOnce));
    }
    const ready = medianOf(starts, 'ready_ms');
    const mib = (member) => medianOf(starts, member) / 1024;
    return {
        rows: [
            {
                figure: 'start to ready, first start in an empty folder',
                measured: `${rounded(ready)} ms`,
                floor: `${rounded(median(loads))} ms streamwall version`,
                goal: '<= 150 ms',
                met: ready <= 150,
            },
            {
                figure: 'resident memory, idle',
                measured: `${rounded(mib('rss'))} MiB`,
                floor: `anonymous ${rounded(mib('anonymous'))}, PSS ${rounded(mib('proportional'))} MiB`,
                goal: '<= 40 MiB',
                met: mib('rss') <= 40,
            },
        ],
        spread: spread(starts.map((start) => start.ready_ms)),
        results: {starts, loads},
    };
}
