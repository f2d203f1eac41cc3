// Lists and searches among 100,000 and among 1,000,000 streams: whether a tenfold catalog is felt. A
// tenth of the streams has each of the common words, a number stands in one stream or a few.
import path from 'node:path';
import {PostgresServer} from '../../e2e/lib/servers.mjs';
import {output, scratchFolder} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin, key, startHost, wrk} from './programs.mjs';
import {writeMeanwhile} from './writer.mjs';
import {alternate, medianOf, rounded, spread} from './stats.mjs';

const sizes = {small: 100_000, large: 1_000_000};
const connections = 4;

// A host on SQLite, or on a PostgreSQL of its own that the same streams were copied to.
async function seeded(t, count, onPostgres) {
    const folder = scratchFolder(t, 'streamwall-scale');
    const file = path.join(folder, 'streamwall.db');
    const began = performance.now();
    await output(path.join(bin, 'seed_streams'), [file, `${count}`], {timeout: seconds(180)});
    const postgres = onPostgres ? (await PostgresServer.start(t)).url : undefined;
    if (postgres) {
        const copy = ['db', 'copy', '--from', `sqlite:${file}`, '--to', postgres];
        await output(process.env.STREAMWALL_BIN, copy, {timeout: seconds(300)});
    }
    const took = (performance.now() - began) / 1000;
    return {...(await startHost(t, {folder, postgres})), took};
}

// How long the first answer to a search takes, which counts all hits.
async function first(host, words) {
    const began = performance.now();
    const target = `${host.url}/api/v1/streams?per_page=50&search=${words}`;
    const answer = await fetch(target, {headers: {Authorization: `Bearer ${key}`}});
    const {meta} = await answer.json();
    return {ms: performance.now() - began, hits: meta.total_count};
}

export async function measureScale(t, {rounds, duration}, {onPostgres = false} = {}) {
    const hosts = {};
    for (const [name, count] of Object.entries(sizes)) {
        hosts[name] = await seeded(t, count, onPostgres);
    }
    const firsts = {};
    for (const name of Object.keys(sizes)) firsts[name] = await first(hosts[name], 'vigil%20cam');
    const load = (name, kind) => () => {
        const {port, pid} = hosts[name];
        const args = [key, kind, sizes[name]];
        const read = () =>
            wrk({port, pid, script: 'wrk_lists.lua', args, connections, duration});
        return kind === 'common' ? writeMeanwhile(hosts[name], sizes[name], read) : read();
    };
    const kinds = {
        page: 'pages 1 to 100 of five filters',
        rare: 'searches for one stream, each a new one',
        common: 'searches for common words, while streams change',
    };
    const sides = Object.keys(kinds).flatMap((kind) =>
        Object.keys(sizes).map((name) => [`${kind}_${name}`, load(name, kind)]),
    );
    const results = await alternate(rounds, Object.fromEntries(sides));
    const rows = Object.entries(kinds).flatMap(([kind, figure]) => {
        const [small, large] = ['small', 'large'].map((name) => results[`${kind}_${name}`]);
        const [p99, floor] = [large, small].map((side) => medianOf(side, 'p99_us'));
        const [rate, smallRate] = [large, small].map((side) => medianOf(side, 'per_second'));
        return [
            {
                figure: `p99: ${figure}`,
                measured: `${rounded(p99)} us (${rounded(p99 / floor)} x)`,
                floor: `${rounded(floor)} us with 100,000`,
                goal: '<= 2 x',
                met: p99 <= 2 * floor,
            },
            {
                figure: `requests/s, ${connections} connections`,
                measured: rounded(rate),
                floor: `${rounded(smallRate)} with 100,000`,
            },
        ];
    });
    const {small, large} = firsts;
    return {
        rows: [
            ...rows,
            {
                figure: `first search for a word of ${rounded(large.hits)} streams`,
                measured: `${rounded(large.ms)} ms`,
                floor: `${rounded(small.ms)} ms, ${rounded(small.hits)} streams`,
            },
            {
                figure: 'made beforehand, index of words included',
                measured: `${rounded(hosts.large.took)} s`,
                floor: `${rounded(hosts.small.took)} s`,
            },
        ],
        spread: spread(results.page_large.map((result) => result.per_second)),
        results: {...results, firsts},
    };
}
