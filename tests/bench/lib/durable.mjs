// Durable changes of records over HTTP, 64 clients: the host beside bare SQLite group commits behind
// bare Beast, on a copy of the host's database: the same tables and indexes, a record and a row of the
// journal for each request; also on a copy without the full-text index. The audit, which adds to that for each change, is off in the host that is
// compared, and on in another: that one is compared with the first.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {until} from '../../e2e/lib/wait.mjs';
import {fill, key, metric, startHost, startPeer, wrk} from './programs.mjs';
import {alternate, medianOf, rounded, serverCost, spread} from './stats.mjs';

const streams = 1000;
const connections = 64;
const headers = {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'};

const withoutSearch = `${['insert', 'update', 'delete']
    .map((kind) => `DROP TRIGGER search_streams_${kind};`)
    .join('')} DROP TABLE search_streams;`;

// Bare SQLite, on a copy of the host's database that `change` was made in; it answers each request as
// the host did `sample`.
async function startBare(t, host, name, {method, route, body}, change = '') {
    const answer = await fetch(`${host.url}/api/v1/streams${route}`, {method, headers, body});
    const bodyFile = path.join(host.folder, 'body');
    writeFileSync(bodyFile, Buffer.from(await answer.arrayBuffer()));
    const database = path.join(host.folder, `${name}.db`);
    await output('sqlite3', [path.join(host.folder, 'streamwall.db'), `VACUUM INTO '${database}'`]);
    await output('sqlite3', [database, change]);
    return startPeer(t, 'bare_commit', database, bodyFile);
}

// How long after the load the audit has an entry for each change.
async function auditBehind(host) {
    const began = performance.now();
    const events = await metric(host, 'streamwall_storage_sqlite_events_total');
    await until('the audit to have every change', async () => {
        const response = await fetch(`${host.url}/api/v1/audit?per_page=1`, {headers});
        return (await response.json()).meta.total_count >= events;
    });
    return performance.now() - began;
}

// `script` of wrk gets STREAMS and KEY; `sample` is one request as it makes them.
export async function measureDurable(t, {rounds, duration}, {script, sample, goal}) {
    const host = await startHost(t, {settings: {audit: {enabled: false}}});
    const audited = await startHost(t);
    await fill(host, streams);
    await fill(audited, streams);
    const bare = await startBare(t, host, 'bare', sample);
    const wordless = await startBare(t, host, 'wordless', sample, withoutSearch);
    const load = async ({port, pid}, counters) => {
        const [commits, changes] = await counters();
        const result = await wrk({...{port, pid, script, connections, duration}, args: [streams, key]});
        const [commitsAfter, changesAfter] = await counters();
        return {...result, per_commit: (changesAfter - changes) / (commitsAfter - commits)};
    };
    const countersOf = (one) => () =>
        Promise.all([
            metric(one, 'streamwall_storage_sqlite_commits_total'),
            metric(one, 'streamwall_storage_sqlite_events_total'),
        ]);
    const bareCountersOf = (one) => async () => {
        const text = await (await fetch(`http://127.0.0.1:${one.port}/`)).text();
        return text.split(' ').map(Number);
    };
    const results = await alternate(rounds, {
        ours: () => load(host, countersOf(host)),
        bare: () => load(bare, bareCountersOf(bare)),
        wordless: () => load(wordless, bareCountersOf(wordless)),
        audited: async () => {
            const result = await load(audited, countersOf(audited));
            return {...result, behind_ms: await auditBehind(audited)};
        },
    });
    return {rows: rowsOf(results, goal), spread: spread(rates(results.ours)), results};
}

const rates = (results) => results.map((result) => result.per_second);

function rowsOf(results, goal) {
    const rate = (side) => medianOf(results[side], 'per_second');
    const of = (member) => ['ours', 'bare'].map((side) => rounded(medianOf(results[side], member)));
    const share = rate('ours') / rate('bare');
    const kept = rate('audited') / rate('ours');
    const [p99, bareP99] = of('p99_us');
    const [perCommit, barePerCommit] = of('per_commit');
    return [
        {
            figure: `changes/s, ${connections} clients`,
            measured: `${rounded(rate('ours'))} (${rounded(100 * share)} %)`,
            floor: `${rounded(rate('bare'))} bare SQLite, bare Beast`,
            goal: `>= ${100 * goal} %`,
            met: share >= goal,
        },
        {
            figure: 'the same beside a store without a full-text index',
            measured: `${rounded((100 * rate('ours')) / rate('wordless'))} %`,
            floor: `${rounded(rate('wordless'))} bare SQLite, bare Beast`,
        },
        {figure: 'p99', measured: `${p99} us`, floor: `${bareP99} us`},
        {
            figure: 'changes/s with the audit on',
            measured: `${rounded(rate('audited'))} (${rounded(100 * kept)} %)`,
            floor: `${rounded(rate('ours'))} without`,
            goal: '>= 85 %',
            met: kept >= 0.85,
        },
        {
            figure: 'the audit is behind when the load ends',
            measured: `${rounded(medianOf(results.audited, 'behind_ms'))} ms`,
        },
        {figure: 'changes in each commit (one fsync)', measured: perCommit, floor: barePerCommit},
        ...serverCost(results),
    ];
}
