// Calls between processes beside bare requests of the transport that carries them.
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin} from '../lib/programs.mjs';
import {rounded} from '../lib/stats.mjs';

export const title = 'Remote calls';

const share = 0.7;
const plugins = path.join(bin, '../plugins');

async function measure(transport, rounds, duration) {
    const text = await output(
        path.join(bin, 'mesh_bench'),
        [transport, String(rounds), String(duration), plugins],
        {timeout: seconds(60 + 10 * rounds * duration)},
    );
    return JSON.parse(text);
}

function rows(transport, {bare_p50_us: bareP50, p50_us: p50, bare_rate: bareRate, rate, ...cpu}) {
    const us = (value) => `${rounded(value)} us`;
    return [
        {
            figure: `${transport}: call of 600 bytes, p50`,
            measured: `${us(p50)} (${rounded(bareP50 / p50)} of bare)`,
            floor: `${us(bareP50)} bare request`,
            goal: `>= ${share} of bare`,
            met: bareP50 / p50 >= share,
        },
        {
            figure: `${transport}: calls/s, 32 under way`,
            measured: `${rounded(rate)} (${rounded(rate / bareRate)} of bare)`,
            floor: `${rounded(bareRate)} bare requests`,
            goal: `>= ${share} of bare`,
            met: rate / bareRate >= share,
        },
        {
            figure: `${transport}: CPU of both processes a call`,
            measured: us(cpu.cpu_us),
            floor: `${us(cpu.bare_cpu_us)} bare request`,
        },
    ];
}

export async function run(_, {rounds, duration}) {
    const local = await measure('local', rounds, duration);
    const nats = await measure('nats', rounds, duration);
    return {
        rows: [...rows('Unix socket', local), ...rows('NATS', nats)],
        results: {local, nats},
    };
}
