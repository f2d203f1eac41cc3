// 5,000 subscribers of which 500 never read, beside 4,500 that all do: what the others notice, what
// the host keeps for those, and how they go.
import {cableLoad, fill, key, metric, startHost} from '../lib/programs.mjs';
import {memoryOf} from '../lib/machine.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = '500 of 5,000 subscribers never read';

const readers = 4500;
const sleepers = 500;
const streams = 100;
const broadcasts = 500;

export async function run(t, {rounds}) {
    const host = await startHost(t);
    await fill(host, streams);
    const load = (slow) =>
        cableLoad('broadcast', host.port, key, host.pid, readers, broadcasts, 1, streams, slow);
    let most = {held: 0, rss: 0};
    const watch = setInterval(async () => {
        const held = await metric(host, 'streamwall_http_server_websocket_queued_bytes');
        most = {held: Math.max(most.held, held), rss: Math.max(most.rss, memoryOf(host.pid).rss)};
    }, 200);
    const sides = await alternate(Math.min(rounds, 3), {
        awake: () => load(0),
        asleep: () => load(sleepers),
    });
    clearInterval(watch);
    const p99 = medianOf(sides.asleep, 'p99_us');
    const floor = medianOf(sides.awake, 'p99_us');
    const sum = (name) => sides.asleep.reduce((total, result) => total + result[name], 0);
    const all = sides.asleep.length * sleepers;
    const bound = sleepers * (1 << 20);
    return {
        rows: [
            {
                figure: `p99 of the ${readers} that read`,
                measured: `${rounded(p99)} us (${rounded(p99 / floor)} x)`,
                floor: `${rounded(floor)} us without the others`,
                goal: '<= 1.2 x',
                met: p99 <= 1.2 * floor,
            },
            {
                figure: 'closed while they slept, and told why',
                measured: `${sum('slow_closed')}, ${sum('slow_told')} of ${all}`,
                goal: 'all',
                met: sum('slow_told') === all,
            },
            {
                figure: 'waiting for them at most, shared frames counted for each',
                measured: `${rounded(most.held / 1024)} KiB`,
                goal: `<= ${bound / 1024} KiB`,
                met: most.held <= bound,
            },
            {figure: 'resident memory of the host at most', measured: `${rounded(most.rss)} KiB`},
        ],
        spread: spread(sides.asleep.map((result) => result.p99_us)),
        results: {...sides, most},
    };
}
