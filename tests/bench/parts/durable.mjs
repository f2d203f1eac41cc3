// Durable events from a commit to a handler in another process, beside the store by itself and a
// bare message of the transport.
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin} from '../lib/programs.mjs';
import {rounded, spread} from '../lib/stats.mjs';

export const title = 'Durable events, from the commit to a handler in another process';

export async function run(_, {rounds, duration}) {
    const text = await output(
        path.join(bin, 'durable_bench'),
        [String(rounds), String(duration), path.join(bin, '../plugins')],
        {timeout: seconds(60 + 10 * rounds * duration)},
    );
    const results = JSON.parse(text);
    const {rate, store_rate: storeRate, p50_us: p50, bare_p50_us: bareP50} = results;
    const us = (value) => `${rounded(value)} us`;
    return {
        rows: [
            {
                figure: 'events/s handled, 256 appends under way',
                measured: `${rounded(rate)} (${rounded((100 * rate) / storeRate)} %)`,
                floor: `${rounded(storeRate)} committed/s, nobody listening`,
                goal: '>= 40,000',
                met: rate >= 40_000,
            },
            {
                figure: 'from the commit to the handler, idle, p50',
                measured: us(p50),
                floor: `${us(bareP50)} bare message`,
                goal: '<= 1 ms',
                met: p50 <= 1000,
            },
            {figure: 'the same, p99', measured: us(results.p99_us)},
            {
                figure: 'CPU an event, of who commits',
                measured: us(results.keeper_cpu_us),
                floor: `${us(results.store_cpu_us)}, nobody listening`,
            },
            {figure: 'CPU an event, of who handles', measured: us(results.handler_cpu_us)},
        ],
        spread: spread(results.rates),
        results,
    };
}
