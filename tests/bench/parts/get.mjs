// GET of one stream with the key, metrics on, beside a bare Beast server that sends the same bytes.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {fill, key, startHost, startPeer, wrk} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, serverCost, spread} from '../lib/stats.mjs';

export const title = 'GET /api/v1/streams/{id}';

const connections = 16;

export async function run(t, {rounds, duration}) {
    const host = await startHost(t);
    await fill(host, 100);
    const target = '/api/v1/streams/50';
    const response = await fetch(host.url + target, {headers: {Authorization: `Bearer ${key}`}});
    const bodyFile = path.join(host.folder, 'body');
    writeFileSync(bodyFile, Buffer.from(await response.arrayBuffer()));
    const bare = await startPeer(t, 'bare_beast', bodyFile);
    const load = ({port, pid}) => () =>
        wrk({port, pid, script: 'wrk_get.lua', args: [target, key], connections, duration});
    const results = await alternate(rounds, {ours: load(host), bare: load(bare)});

    const ours = medianOf(results.ours, 'per_second');
    const theirs = medianOf(results.bare, 'per_second');
    const p99 = medianOf(results.ours, 'p99_us');
    const bareP99 = medianOf(results.bare, 'p99_us');
    return {
        rows: [
            {
                figure: `requests/s, ${connections} connections`,
                measured: `${rounded(ours)} (${rounded((100 * ours) / theirs)} %)`,
                floor: `${rounded(theirs)} bare Beast`,
                goal: '>= 60 %',
                met: ours >= 0.6 * theirs,
            },
            {
                figure: 'p99, both sides saturated',
                measured: `${rounded(p99)} us (${rounded(p99 / bareP99)} x)`,
                floor: `${rounded(bareP99)} us bare Beast`,
                goal: '<= 1.5 x',
                met: p99 <= 1.5 * bareP99,
            },
            ...serverCost(results),
        ],
        spread: spread(results.ours.map((result) => result.per_second)),
        results,
    };
}
