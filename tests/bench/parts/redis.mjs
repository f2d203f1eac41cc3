// The cache and limits that nodes share: cache-redis beside bare hiredis on the same server.
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin} from '../lib/programs.mjs';
import {rounded} from '../lib/stats.mjs';

export const title = 'Cache and limits over Redis';

export async function run(_, {rounds, duration}) {
    const text = await output(
        path.join(bin, 'redis_bench'),
        [String(rounds), String(duration), path.join(bin, '../plugins')],
        {timeout: seconds(60 + 10 * rounds * duration)},
    );
    const results = JSON.parse(text);
    const us = (value) => `${rounded(value)} us`;
    return {
        rows: [
            {
                figure: 'read of the cache, from memory',
                measured: `${rounded(results.near_ns)} ns`,
                floor: `${us(results.bare_p50_us)} GET with hiredis`,
            },
            {
                figure: 'read of the cache, from Redis, p50',
                measured: us(results.far_p50_us),
                floor: `${us(results.bare_p50_us)} GET with hiredis`,
            },
            {
                figure: 'check of a limit, p50',
                measured: us(results.check_p50_us),
                floor: `${us(results.bare_check_p50_us)} the script with hiredis`,
            },
            {
                figure: 'reads/s from Redis, 32 under way',
                measured: rounded(results.rate),
                floor: `${rounded(results.bare_rate)} GET/s, 32 in a pipeline`,
            },
        ],
        results,
    };
}
