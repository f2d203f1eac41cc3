// The whole way of a request, as operators run it: log-in token, limits counted and far away, metrics
// and audit on, 10,000 streams. The host on SQLite and on PostgreSQL, beside Fastify on PostgreSQL
// and whatever --peer names, one server at a time on the server's core.
import {PostgresServer} from '../../e2e/lib/servers.mjs';
import {runningPeer, startFastify} from '../lib/peers.mjs';
import {fill, key, startHost, wrk} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'REST as operators run it, 10,000 streams';

const streams = 10_000;
const operations = [
    {name: 'get', figure: 'one stream', connections: 16, goal: 60_000},
    {name: 'list', figure: 'list of 50, with total', connections: 16, goal: 20_000},
    {name: 'patch', figure: 'patch', connections: 64, goal: 12_000},
    {name: 'create', figure: 'create', connections: 64, goal: 12_000},
];

// A token as people get it.
async function logIn({url}) {
    const account = {email: 'bench@example.org', password: 'Password123'};
    const post = async (route, body) => {
        const response = await fetch(`${url}/api/v1${route}`, {
            method: 'POST',
            headers: {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'},
            body: JSON.stringify(body),
        });
        if (!response.ok) throw new Error(await response.text());
        return response.json();
    };
    await post('/users', {...account, role: 'admin'});
    return (await post('/users/login', account)).token;
}

async function startOurs(t, name, options) {
    const host = await startHost(t, {
        ...options,
        env: {STREAMWALL_RATE_LIMITS: '1000000/100000000/100000000'},
    });
    await fill(host, streams);
    return {name, port: host.port, pid: host.pid, token: await logIn(host)};
}

export async function run(t, {rounds, duration, peers, peerToken}) {
    const databases = await PostgresServer.start(t);
    const theirs = await PostgresServer.start(t);
    const servers = {
        sqlite: await startOurs(t, 'SQLite', {}),
        postgres: await startOurs(t, 'PostgreSQL', {postgres: databases.url}),
        fastify: await startFastify(t, theirs.url, streams),
    };
    for (const text of peers) servers[text] = await runningPeer(text, peerToken);
    let runs = 0;
    const results = {};
    for (const {name, connections} of operations) {
        const load = ({port, pid, token, dialect}) => () => {
            runs += 1;
            const prefix = `bench${Date.now()}_${runs}`;
            const args = [name, token, streams, prefix, ...(dialect ? [dialect] : [])];
            return wrk({port, pid, script: 'wrk_rest.lua', args, connections, duration});
        };
        const sides = Object.entries(servers).map(([side, server]) => [side, load(server)]);
        results[name] = await alternate(rounds, Object.fromEntries(sides));
    }
    return {
        rows: operations.flatMap((operation) => rowsOf(operation, servers, results[operation.name])),
        spread: spread(results.get.sqlite.map((result) => result.per_second)),
        results,
    };
}

function rowsOf({name, figure, connections, goal}, servers, results) {
    const rate = (side) => medianOf(results[side], 'per_second');
    const {sqlite, postgres, ...others} = servers;
    const floor = Object.entries(others)
        .map(([side, server]) => `${rounded(rate(side))} ${server.name}`)
        .join(', ');
    const writes = name === 'patch' || name === 'create';
    const row = (side, server, judged) => ({
        figure: `${figure}/s, ${connections} clients, ${server.name}`,
        measured:
            `${rounded(rate(side))}, p99 ${rounded(medianOf(results[side], 'p99_us'))} us, ` +
            `CPU ${rounded(medianOf(results[side], 'server_cpu_us'))} us`,
        floor,
        ...(judged ? {goal: `>= ${goal.toLocaleString('en-US')}`, met: rate(side) >= goal} : {}),
    });
    return [row('sqlite', sqlite, !writes), row('postgres', postgres, writes)];
}
