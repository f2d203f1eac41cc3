// Runs the benchmarks one after the other and prints every figure beside its goal and its floor, all
// measured in this run. What each measures is at the top of its file in parts/; how to read the
// table is in README.md.
import {appendFileSync, existsSync, mkdtempSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {describe, quietMoment, watchOthers} from './lib/machine.mjs';
import {table} from './lib/stats.mjs';

const names = ['kernel', 'get', 'list', 'scale', 'scale-postgres', 'patch', 'create', 'rest', 'import', 'broadcast', 'fanout', 'rooms', 'slow', 'connects', 'start', 'chat', 'nats', 'mesh', 'redis', 'durable', 'nodes', 'isolation'];

const usage = `usage: tests/bench/run [options] [PART...]

Runs all parts, or those named: ${names.join(', ')}.
  --rounds N      measurements of each figure, of which the median is shown [5]
  --duration S    seconds of each round under load [2]
  -o FILE         append one line of JSON for each part [a file in the temporary folder]
  --build FOLDER  where the bench preset was built [build/bench]
  --peer NAME=URL a server that runs already, for part rest; may be given again
  --peer-token T  the token that those take

The host and its peers run on core 0, the load generators on core 1, rate limits are off. A part is
marked noisy where others used over 8 % of the machine meanwhile; run it again on a quiet machine.`;

const noisy = 0.08;

function options() {
    try {
        const {values, positionals} = parseArgs({
            allowPositionals: true,
            options: {
                rounds: {type: 'string', default: '5'},
                duration: {type: 'string', default: '2'},
                output: {type: 'string', short: 'o'},
                build: {
                    type: 'string',
                    default: fileURLToPath(new URL('../../build/bench', import.meta.url)),
                },
                peer: {type: 'string', multiple: true, default: []},
                'peer-token': {type: 'string', default: ''},
                help: {type: 'boolean', short: 'h'},
            },
        });
        const whole = (name) => {
            if (!/^[1-9]\d{0,2}$/.test(values[name])) throw new Error(`--${name}: not a number`);
            return Number(values[name]);
        };
        const unknown = positionals.find((name) => !names.includes(name));
        if (unknown) throw new Error(`unknown part ${unknown}`);
        return {
            ...values,
            rounds: whole('rounds'),
            duration: whole('duration'),
            peers: values.peer,
            peerToken: values['peer-token'],
            parts: positionals.length > 0 ? names.filter((name) => positionals.includes(name)) : names,
        };
    } catch (error) {
        process.stderr.write(`${error.message}\n${usage}\n`);
        process.exit(2);
    }
}

// Gives `action` something to register clean-ups with, and does them when it is over.
async function fresh(action) {
    const undo = [];
    try {
        return await action({after: (step) => undo.push(step)});
    } finally {
        for (const step of undo) await step();
    }
}

async function measure(name, settings) {
    const part = await import(`./parts/${name}.mjs`);
    process.stderr.write(`bench: ${part.title}\n`);
    await quietMoment();
    const began = performance.now();
    const others = watchOthers();
    const {rows, spread, results} = await fresh((t) => part.run(t, {...settings, fresh}));
    return {
        part: name,
        title: part.title,
        others: others.share(),
        seconds: (performance.now() - began) / 1000,
        spread,
        rows,
        results,
    };
}

function print({title, others, spread, seconds, rows}) {
    const percent = (share) => `${(100 * share).toFixed(0)} %`;
    const notes = [`others used ${percent(others)} of the machine`, `${seconds.toFixed(0)} s`];
    if (spread !== undefined) notes.unshift(`spread of the first figure ${percent(spread)}`);
    if (others > noisy) notes.unshift('NOISY');
    process.stdout.write(`\n${title} (${notes.join(', ')})\n${table(rows)}\n`);
}

const {help, parts, output, build, ...settings} = options();
if (help) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
}
// The parts and what they share with the end-to-end tests read this when they are loaded.
process.env.STREAMWALL_BIN = path.resolve(build, 'bin/streamwall');
if (!existsSync(process.env.STREAMWALL_BIN)) {
    process.stderr.write(`${process.env.STREAMWALL_BIN} is missing: ./dev build bench\n`);
    process.exit(1);
}
const folder = output ? undefined : mkdtempSync(path.join(os.tmpdir(), 'streamwall-bench-'));
const file = output ?? path.join(folder, 'results.jsonl');
const machine = describe();
process.stdout.write(
    `${machine.cores} cores (${machine.cpu}), ${machine.memory_gib} GiB, ${machine.kernel}, ` +
        `load ${machine.load.join(' ')}; medians of ${settings.rounds}\n`,
);
let failed = 0;
for (const name of parts) {
    try {
        const result = await measure(name, settings);
        appendFileSync(file, `${JSON.stringify({at: new Date(), machine, ...result})}\n`);
        print(result);
    } catch (error) {
        failed += 1;
        process.stdout.write(`\n${name}: not measured: ${error.stack}\n`);
    }
}
process.stdout.write(`\nEvery result: ${file}\n`);
process.exit(failed === 0 ? 0 : 1);
