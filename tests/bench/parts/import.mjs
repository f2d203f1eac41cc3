// Many streams at once: a file by the command line, and the same rows over HTTP, which answers each
// line as it goes. Both make every stream as a request of its own would: with its checks, its event
// and its entry in the audit, durable before it is counted.
import {execFile} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import {seconds} from '../../e2e/lib/wait.mjs';
import {key, startHost} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'Import of 20,000 streams';

const count = 20_000;

async function timed(action) {
    const began = performance.now();
    const created = await action();
    if (created !== count) throw new Error(`${created} of ${count} streams were made`);
    return {per_second: (count / (performance.now() - began)) * 1000};
}

export async function run(t, {rounds}) {
    const host = await startHost(t);
    const rows = (round, how) =>
        Array.from({length: count}, (_, n) => [
            `https://twitch.tv/${how}_${round}_${n}`,
            `Protest live, camera ${n}`,
            'Seattle',
        ]);
    const command = async (round) => {
        const file = path.join(host.folder, 'streams.csv');
        const lines = rows(round, 'file').map((row) => row.map((text) => `"${text}"`).join(','));
        writeFileSync(file, `url,title,city\n${lines.join('\n')}\n`);
        const args = ['import', file, '--data', host.folder, '--output', 'json'];
        return timed(async () => {
            const options = {timeout: seconds(60), maxBuffer: 1 << 24};
            const {stdout} = await promisify(execFile)(process.env.STREAMWALL_BIN, args, options);
            return JSON.parse(stdout).created;
        });
    };
    const http = async (round) => {
        const body = rows(round, 'http')
            .map(([url, title, city]) => JSON.stringify({url, title, city}))
            .join('\n');
        return timed(async () => {
            const response = await fetch(`${host.url}/api/v1/streams/bulk_import`, {
                method: 'POST',
                headers: {Authorization: `Bearer ${key}`, 'Content-Type': 'application/x-ndjson'},
                body,
            });
            const text = await response.text();
            if (!response.ok) throw new Error(text);
            return JSON.parse(text.trimEnd().split('\n').at(-1)).created;
        });
    };
    const results = await alternate(rounds, {command, http});
    const rate = (side) => rounded(medianOf(results[side], 'per_second'));
    return {
        rows: [
            {figure: 'rows/s, streamwall import FILE', measured: rate('command')},
            {figure: 'rows/s, POST /streams/bulk_import', measured: rate('http')},
        ],
        spread: spread(results.command.map((result) => result.per_second)),
        results,
    };
}
