// What the benchmarks start: the host with one loop, the peers, the load generators.
import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {apiKey, Host} from '../../e2e/lib/host.mjs';
import {cleanUp} from '../../e2e/lib/cleanup.mjs';
import {Child, freePort, output, scratchFolder} from '../../e2e/lib/processes.mjs';
import {seconds, until} from '../../e2e/lib/wait.mjs';
import {ownCpuSeconds} from './machine.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const root = path.resolve(here, '../..');
export const bin = path.dirname(process.env.STREAMWALL_BIN);
export const key = apiKey;

export const serverCore = 0;
export const loadCore = 1;
export const allCores = `0-${os.cpus().length - 1}`;

// All threads, and those that they start later.
export function pin(child, core) {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(child.process.pid)], {
        stdio: 'ignore',
    });
}

// config/monolith.yaml with settings put in: {plugin: {setting: value}}. `postgres`: URL of the
// database that records live in instead.
function configWith(folder, changes, postgres) {
    let text = readFileSync(path.join(root, 'config/monolith.yaml'), 'utf8');
    if (postgres) text = text.replaceAll('storage-sqlite', 'storage-postgres');
    for (const [plugin, settings] of Object.entries(changes)) {
        const lines = Object.entries(settings).map(([name, value]) => `    ${name}: ${value}\n`);
        const head = new RegExp(`^  ${plugin}:\n`, 'm');
        if (!head.test(text)) text += `  ${plugin}:\n`;
        text = text.replace(head, (found) => found + lines.join(''));
    }
    const file = path.join(folder, 'bench.yaml');
    writeFileSync(file, text, {mode: 0o600});
    return file;
}

// The host in a fresh folder or in `folder`, rate limits off. `oneLoop`: as on a machine with one core for it.
export async function startHost(t, {oneLoop = true, settings = {}, postgres, ...options} = {}) {
    const folder = options.folder ?? scratchFolder(t, 'streamwall-bench');
    const changes = {...settings};
    if (oneLoop) changes['http-server'] = {loops: 1, ...changes['http-server']};
    if (postgres) changes['storage-postgres'] = {url: `"${postgres}"`};
    const config = configWith(folder, changes, postgres);
    const host = await Host.start(t, {...options, dataDir: folder, config});
    host.port = Number(host.address.split(':').pop());
    host.pid = host.child.process.pid;
    host.folder = folder;
    if (oneLoop) pin(host.child, serverCore);
    return host;
}

// A peer that listens on its first argument, on the server's core.
export async function startPeer(t, name, ...args) {
    const port = await freePort();
    const child = new Child(name, path.join(bin, name), [String(port), ...args.map(String)]);
    cleanUp(t, () => child.end('SIGKILL'));
    pin(child, serverCore);
    await until(`${name} on port ${port}`, async () => {
        const socket = net.connect(port, '127.0.0.1');
        try {
            await once(socket, 'connect');
            return true;
        } finally {
            socket.destroy();
        }
    });
    return {port, child, pid: child.process.pid};
}

// wrk with one of the scripts here, on the core of load generators or another, against the process
// `pid` (absent: of which nothing is known); throws where any answer was no success. `server_cpu_us` is the server's for each request, `server_busy` its share of one core:
// where that is well below 1, the load generator was the limit.
export async function wrk({port, pid, script, args, connections, duration, core = loadCore}) {
    const cpu = () => (pid === undefined ? NaN : ownCpuSeconds(pid));
    const before = cpu();
    const text = await output(
        'taskset',
        [
            ...['-c', String(core), 'wrk', '-t1', `-c${connections}`, `-d${duration}s`],
            ...['-s', path.join(here, script), `http://127.0.0.1:${port}/`, '--'],
            ...args.map(String),
        ],
        {timeout: seconds(duration + 20)},
    );
    const result = JSON.parse(text.match(/^RESULT (.*)$/m)[1]);
    if (result.errors > 0) throw new Error(`wrk counted errors:\n${text}`);
    const used = cpu() - before;
    return {
        ...result,
        server_cpu_us: (used / result.requests) * 1e6,
        server_busy: (used * result.per_second) / result.requests,
    };
}

// cable_load and room_load, which print JSON.
export const cableLoad = (...args) => loadOf('cable_load', args);
export const roomLoad = (...args) => loadOf('room_load', args);

async function loadOf(name, args) {
    const program = path.join(bin, name);
    const words = ['-c', String(loadCore), program, ...args.map(String)];
    return JSON.parse(await output('taskset', words, {timeout: seconds(60)}));
}

// Streams 1 … count, with about as much in them as real ones have.
export async function fill(host, count) {
    let next = 1;
    const create = async () => {
        while (next <= count) {
            const number = next++;
            const response = await fetch(`${host.url}/api/v1/streams`, {
                method: 'POST',
                headers: {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'},
                body: JSON.stringify({
                    url: `https://twitch.tv/channel_${number}`,
                    title: `Protest live, camera ${number}`,
                    city: 'Seattle',
                    state: 'WA',
                    notes: 'A note about this stream that is neither long nor short',
                }),
            });
            if (response.status !== 201) throw new Error(await response.text());
            await response.arrayBuffer();
        }
    };
    await Promise.all(Array.from({length: 32}, create));
}

// The sum of a metric over its series.
export async function metric(host, name) {
    const headers = {Authorization: `Bearer ${key}`};
    const text = await (await fetch(`${host.url}/metrics`, {headers})).text();
    const series = text.split('\n').filter((line) => line.split(/[{ ]/, 1)[0] === name);
    if (series.length === 0) throw new Error(`no metric ${name}`);
    return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
