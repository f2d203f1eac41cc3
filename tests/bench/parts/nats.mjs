// Requests between processes: the transport over NATS beside bare libnats on the same server.
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin} from '../lib/programs.mjs';
import {rounded} from '../lib/stats.mjs';

export const title = 'Requests over NATS';

const share = 0.7;

export async function run(_, {rounds, duration}) {
    const text = await output(path.join(bin, 'nats_bench'), [String(rounds), String(duration)], {
        timeout: seconds(60 + 10 * rounds * duration),
    });
    const results = JSON.parse(text);
    const {bare_p50_us: bareP50, p50_us: p50, bare_rate: bareRate, rate} = results;
    return {
        rows: [
            {
                figure: 'request and answer of 600 bytes, p50',
                measured: `${rounded(p50)} us (${rounded(bareP50 / p50)} of bare)`,
                floor: `${rounded(bareP50)} us bare libnats`,
                goal: `>= ${share} of bare`,
                met: bareP50 / p50 >= share,
            },
            {
                figure: 'requests/s, 32 under way',
                measured: `${rounded(rate)} (${rounded(rate / bareRate)} of bare)`,
                floor: `${rounded(bareRate)} bare libnats`,
                goal: `>= ${share} of bare`,
                met: rate / bareRate >= share,
            },
        ],
        results,
    };
}
