// GET of one stream from one node with one loop of HTTP, and from two such nodes: each asks
// the catalog of a third node for every record.
import {ownCpuSeconds} from '../lib/machine.mjs';
import {allCores, fill, key, wrk} from '../lib/programs.mjs';
import {alternate, median, medianOf, rounded, spread} from '../lib/stats.mjs';
import {System, listener} from '../lib/topology.mjs';

export const title = 'GET /api/v1/streams/{id} from one node and from two, records in another';

const connections = 16;
const names = ['core', 'api-1', 'api-2'];

const yaml = `
nodes:
  core: {plugins: [storage-sqlite, catalog]}
  api: {replicas: 2, plugins: [http-server, rest-api]}
plugins:
  http-server: {listen: "127.0.0.1:0", loops: 1, api_key: "${key}", rate_limits: "off"}
`;

async function start(t) {
    const system = System.start(t, 'up', yaml);
    const pids = {up: system.pid};
    for (const name of names) {
        pids[name] = await system.logged(
            `the start of ${name}`,
            ({event, plugin, pid}) => event === 'child.started' && plugin === name && pid,
        );
    }
    const listeners = [await listener(system, 'api-1'), await listener(system, 'api-2')];
    return {listeners, pids};
}

// The same connections in all, spread over the listeners.
async function load(listeners, pids, duration) {
    const target = '/api/v1/streams/50';
    const before = Object.entries(pids).map(([name, pid]) => [name, ownCpuSeconds(pid)]);
    const all = await Promise.all(
        listeners.map(({port}, n) =>
            wrk({
                ...{port, pid: pids[`api-${n + 1}`], core: allCores, duration},
                ...{script: 'wrk_get.lua', args: [target, key]},
                connections: connections / listeners.length,
            }),
        ),
    );
    const sum = (member) => all.reduce((total, one) => total + one[member], 0);
    const requests = sum('requests');
    const cpu = before.map(([name, used]) => [
        name,
        ((ownCpuSeconds(pids[name]) - used) / requests) * 1e6,
    ]);
    return {
        per_second: sum('per_second'),
        p99_us: Math.max(...all.map((one) => one.p99_us)),
        cpu: Object.fromEntries(cpu),
    };
}

const cpuOf = (results, name) => median(results.map(({cpu}) => cpu[name]));

export async function run(t, {rounds, duration}) {
    const {listeners, pids} = await start(t);
    await fill(listeners[0], 100);
    const results = await alternate(rounds, {
        one: () => load(listeners.slice(0, 1), pids, duration),
        two: () => load(listeners, pids, duration),
    });
    const rate = (side) => medianOf(results[side], 'per_second');
    const p99 = (side) => `${rounded(medianOf(results[side], 'p99_us'))} us`;
    return {
        rows: [
            {
                figure: `requests/s from two nodes, ${connections} connections in all`,
                measured: `${rounded(rate('two'))} (${rounded(rate('two') / rate('one'))} x)`,
                floor: `${rounded(rate('one'))} from one node`,
                goal: '> one node',
                met: rate('two') > rate('one'),
            },
            {figure: 'p99', measured: p99('two'), floor: p99('one')},
            ...Object.keys(pids).map((name) => ({
                figure: `CPU of ${name} for each request`,
                measured: `${rounded(cpuOf(results.two, name))} us`,
                floor: `${rounded(cpuOf(results.one, name))} us`,
            })),
        ],
        spread: spread(results.two.map((result) => result.per_second)),
        results,
    };
}
