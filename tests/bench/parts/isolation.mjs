// What an isolated plugin does to itself, and what its host's clients notice: GET of one stream from
// 16 connections that pause 10 ms between their requests, without and with the misbehaviour, which
// begins as the load does. Each time in a fresh host, on all cores.
import {output} from '../../e2e/lib/processes.mjs';
import {allCores, fill, key, wrk} from '../lib/programs.mjs';
import {medianOf, rounded, spread} from '../lib/stats.mjs';
import {System, listener} from '../lib/topology.mjs';

export const title = 'GET from a host while an isolated plugin misbehaves';

const connections = 16;
const pauseMs = 10;
const share = 1.5;

// `limits` of the process; `returns`: it is killed and starts again.
const cases = [
    {method: 'crash', what: 'crashes', limits: '{}', returns: true},
    {method: 'leak', what: 'leaks up to its limit', limits: '{memory: 256MiB}', returns: true},
    {method: 'grow', what: 'starts threads up to its limit', limits: '{threads: 64}', returns: true},
    {method: 'spin', what: 'loops endlessly', limits: '{}', returns: true},
    {method: 'grow', what: 'has 1,000 busy threads', limits: '{}', returns: false},
];

const yaml = (limits) => `
nodes: {main: {plugins: [storage-sqlite, catalog, http-server, rest-api, unruly]}}
plugins:
  http-server: {listen: "127.0.0.1:0", api_key: "${key}", rate_limits: "off"}
  unruly: {isolation: apart}
kernel: {isolation: {apart: ${limits}}}
`;

async function start(t, limits) {
    const system = System.start(t, 'run', yaml(limits));
    const host = await listener(system);
    await system.logged('the isolated process to be ready', isBack);
    await fill(host, 10);
    return {system, host};
}

const isBack = ({event, process}) => event === 'host.ready' && process === 'main~apart';

// What never answers is what it was told to do.
async function tell({dataDir}, method) {
    const words = ['call', 'unruly', method, '{}', '--data', dataDir, '--timeout', '0.1'];
    await output(process.env.STREAMWALL_BIN, words).catch((error) => {
        if (error.code === undefined || error.killed) throw error;
    });
}

const load = ({system, host}, duration) =>
    wrk({
        ...{port: host.port, pid: system.pid, core: allCores, connections, duration},
        ...{script: 'wrk_get.lua', args: ['/api/v1/streams/5', key, pauseMs]},
    });

async function misbehave({method, limits, returns}, duration, t) {
    const running = await start(t, limits);
    const without = load(running, duration);
    await tell(running.system, 'pid');
    const usual = await without;
    const withIt = load(running, duration);
    const began = performance.now();
    const back = returns
        ? running.system.willLog('its return', isBack).then(() => performance.now() - began)
        : undefined;
    await tell(running.system, method);
    const back_ms = await back;
    const {p99_us, p50_us, per_second} = await withIt;
    return {p99_us, p50_us, per_second, back_ms, usual, ratio: p99_us / usual.p99_us};
}

function rowsOf({what, returns}, results) {
    const p99 = medianOf(results, 'p99_us');
    const ratio = medianOf(results, 'ratio');
    const usual = results.map((result) => result.usual);
    const rows = [
        {
            figure: `${what}: p99 of the host`,
            measured: `${rounded(p99)} us (${rounded(ratio)} x)`,
            floor: `${rounded(medianOf(usual, 'p99_us'))} us without`,
            goal: `<= ${share} x`,
            met: ratio <= share,
        },
    ];
    if (!returns) return rows;
    const back = medianOf(results, 'back_ms');
    return [
        ...rows,
        {
            figure: `${what}: back after`,
            measured: `${rounded(back)} ms`,
            goal: '< 1 s',
            met: back < 1000,
        },
    ];
}

export async function run(_, {rounds, duration, fresh}) {
    const results = cases.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
        for (const [n, one] of cases.entries()) {
            results[n].push(await fresh((t) => misbehave(one, duration, t)));
        }
    }
    return {
        rows: cases.flatMap((one, n) => rowsOf(one, results[n])),
        spread: spread(results[0].map((result) => result.usual.p99_us)),
        results,
    };
}
