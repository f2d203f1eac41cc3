// GET of a list of 50 among 10,000 streams with their number, with the key, metrics on, beside a bare
// Beast server that sends the same bytes; and the same while streams change.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {fill, key, startHost, startPeer, wrk} from '../lib/programs.mjs';
import {writeMeanwhile} from '../lib/writer.mjs';
import {alternate, medianOf, rounded, serverCost, spread} from '../lib/stats.mjs';

export const title = 'GET /api/v1/streams?per_page=50';

const streams = 10_000;
const connections = 16;

export async function run(t, {rounds, duration}) {
    const host = await startHost(t);
    await fill(host, streams);
    const target = '/api/v1/streams?per_page=50';
    const response = await fetch(host.url + target, {headers: {Authorization: `Bearer ${key}`}});
    const body = Buffer.from(await response.arrayBuffer());
    assert.equal(JSON.parse(body).meta.total_count, streams);
    const bodyFile = path.join(host.folder, 'body');
    writeFileSync(bodyFile, body);
    const bare = await startPeer(t, 'bare_beast', bodyFile);
    const load = ({port, pid}) =>
        wrk({port, pid, script: 'wrk_get.lua', args: [target, key], connections, duration});
    const results = await alternate(rounds, {
        ours: () => load(host),
        bare: () => load(bare),
        changing: () => writeMeanwhile(host, streams, () => load(host)),
    });

    const ours = medianOf(results.ours, 'per_second');
    const theirs = medianOf(results.bare, 'per_second');
    const changing = medianOf(results.changing, 'per_second');
    return {
        rows: [
            {
                figure: `requests/s, ${connections} connections, ${rounded(body.length / 1024)} KiB`,
                measured: `${rounded(ours)} (${rounded((100 * ours) / theirs)} %)`,
                floor: `${rounded(theirs)} bare Beast`,
                goal: '>= 20,000/s',
                met: ours >= 20_000,
            },
            {
                figure: 'p99, both sides saturated',
                measured: `${rounded(medianOf(results.ours, 'p99_us'))} us`,
                floor: `${rounded(medianOf(results.bare, 'p99_us'))} us bare Beast`,
            },
            {
                figure: 'requests/s while streams change',
                measured: rounded(changing),
                floor: `${rounded(medianOf(results.changing, 'writes_per_second'))} changes/s`,
            },
            ...serverCost(results),
        ],
        spread: spread(results.ours.map((result) => result.per_second)),
        results,
    };
}
