// PATCH with a durable answer, 64 clients, beside bare SQLite group commits behind bare Beast: the
// same tables and indexes, a record and a row of the journal for each request. The audit, which writes
// an entry of its own for each change, is off in the host that is compared, and on in another.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {fill, key, metric, startHost, startPeer, wrk} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, serverCost, spread} from '../lib/stats.mjs';

export const title = 'PATCH /api/v1/streams/{id}, durable';

const streams = 1000;

// The full-text index is ours to pay for: the bare store does without.
const withoutSearch = `${['insert', 'update', 'delete']
    .map((kind) => `DROP TRIGGER search_streams_${kind};`)
    .join('')} DROP TABLE search_streams;`;
const connections = 64;

export async function run(t, {rounds, duration}) {
    const host = await startHost(t, {settings: {audit: {enabled: false}}});
    await fill(host, streams);
    const answer = await fetch(`${host.url}/api/v1/streams/50`, {
        method: 'PATCH',
        headers: {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'},
        body: '{"title":"Protest live, changed 1000000000"}',
    });
    const bodyFile = path.join(host.folder, 'body');
    writeFileSync(bodyFile, Buffer.from(await answer.arrayBuffer()));
    const database = path.join(host.folder, 'bare.db');
    await output('sqlite3', [path.join(host.folder, 'streamwall.db'), `VACUUM INTO '${database}'`]);
    await output('sqlite3', [database, withoutSearch]);
    const bare = await startPeer(t, 'bare_commit', database, bodyFile);
    const load = async ({port, pid}, counters) => {
        const [commits, changes] = await counters();
        const result = await wrk({
            ...{port, pid, script: 'wrk_patch.lua', args: [streams, key]},
            ...{connections, duration},
        });
        const [commitsAfter, changesAfter] = await counters();
        return {...result, per_commit: (changesAfter - changes) / (commitsAfter - commits)};
    };
    const countersOf = (host) => () =>
        Promise.all([
            metric(host, 'streamwall_storage_sqlite_commits_total'),
            metric(host, 'streamwall_storage_sqlite_events_total'),
        ]);
    const bareCounters = async () => {
        const text = await (await fetch(`http://127.0.0.1:${bare.port}/`)).text();
        return text.split(' ').map(Number);
    };
    const results = await alternate(rounds, {
        ours: () => load(host, countersOf(host)),
        bare: () => load(bare, bareCounters),
    });
    // Not in turn with the others: it has work left when the load ends.
    const audited = await startHost(t);
    await fill(audited, streams);
    const {withAudit} = await alternate(rounds, {
        withAudit: () => load(audited, countersOf(audited)),
    });
    const ours = medianOf(results.ours, 'per_second');
    const theirs = medianOf(results.bare, 'per_second');
    const value = (member) =>
        ['ours', 'bare'].map((side) => rounded(medianOf(results[side], member)));
    const [p99, bareP99] = value('p99_us');
    const [perCommit, barePerCommit] = value('per_commit');
    return {
        rows: [
            {
                figure: `changes/s, ${connections} clients`,
                measured: `${rounded(ours)} (${rounded((100 * ours) / theirs)} %)`,
                floor: `${rounded(theirs)} bare SQLite, bare Beast`,
                goal: '>= 60 %',
                met: ours >= 0.6 * theirs,
            },
            {figure: 'p99', measured: `${p99} us`, floor: `${bareP99} us`},
            {
                figure: 'changes/s with the audit on',
                measured: rounded(medianOf(withAudit, 'per_second')),
            },
            {
                figure: 'changes in each commit (one fsync)',
                measured: perCommit,
                floor: barePerCommit,
            },
            ...serverCost(results),
        ],
        spread: spread(results.ours.map((result) => result.per_second)),
        results: {...results, withAudit},
    };
}
