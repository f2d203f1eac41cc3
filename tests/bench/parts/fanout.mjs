// Broadcasts to 100, 1,000 and 5,000 subscribers, four on their way at a time: what a delivery costs
// and when the last client has it, beside one send() a subscriber and beside npm's `ws`.
import {fileURLToPath} from 'node:url';
import {cleanUp} from '../../e2e/lib/cleanup.mjs';
import {Child, freePort} from '../../e2e/lib/processes.mjs';
import {until} from '../../e2e/lib/wait.mjs';
import {cableLoad, fill, key, pin, serverCore, startHost, startPeer} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'Fan-out at /cable, four broadcasts at a time';

const streams = 100;
const window = 4;
const script = fileURLToPath(new URL('../peers/ws_hub.mjs', import.meta.url));

async function startWsHub(t, bytes) {
    const port = await freePort();
    const child = new Child('ws_hub', process.execPath, [script, String(port), String(bytes)]);
    cleanUp(t, () => child.end('SIGKILL'));
    pin(child, serverCore);
    const pid = child.process.pid;
    await until('ws_hub', async () => (await fetch(`http://127.0.0.1:${port}/`, {method: 'PATCH'})).ok);
    return {port, pid};
}

export async function run(t, {rounds}) {
    const host = await startHost(t);
    await fill(host, streams);
    const load = ({port, pid}, subscribers, broadcasts) =>
        cableLoad('broadcast', port, key, pid, subscribers, broadcasts, window, streams);
    const {bytes} = await load(host, 10, 10);
    const bare = await startPeer(t, 'bare_send', bytes);
    const ws = await startWsHub(t, bytes);
    const rows = [];
    const results = {};
    for (const subscribers of [100, 1000, 5000]) {
        const broadcasts = Math.min(1000, Math.max(60, Math.round(300_000 / subscribers)));
        const sides = await alternate(rounds, {
            ours: () => load(host, subscribers, broadcasts),
            bare: () => load(bare, subscribers, broadcasts),
            ws: () => load(ws, subscribers, broadcasts),
        });
        results[subscribers] = sides;
        const [ours, floor, peer] = ['ours', 'bare', 'ws'].map((side) => (name) => medianOf(sides[side], name));
        const row = (figure, name, unit) => ({
            figure: `${subscribers} subscribers: ${figure}`,
            measured: `${rounded(ours(name))}${unit} (${rounded(ours(name) / floor(name))} x)`,
            floor: `${rounded(floor(name))}${unit} bare send(), ${rounded(peer(name))}${unit} ws`,
        });
        const last = row('p99 of the last client', 'last_p99_us', ' us');
        if (subscribers === 5000) {
            last.goal = '<= 1.1 x';
            last.met = ours('last_p99_us') <= 1.1 * floor('last_p99_us');
        }
        const cpu = row('server CPU a delivery, PATCH included', 'cpu_us', ' us');
        // With few subscribers most of it is the change itself, which the floor does not make.
        if (subscribers >= 1000) {
            cpu.goal = '<= 0.65 x';
            cpu.met = ours('cpu_us') <= 0.65 * floor('cpu_us');
        }
        rows.push(
            cpu,
            row('deliveries/s', 'per_second', ''),
            row('p50 of the last client', 'last_p50_us', ' us'),
            last,
        );
        const lost = sides.ours.reduce((sum, result) => sum + result.lost, 0);
        rows.push({
            figure: `${subscribers} subscribers: deliveries lost`,
            measured: String(lost),
            goal: '0',
            met: lost === 0,
        });
    }
    return {rows, spread: spread(results[1000].ours.map(({cpu_us}) => cpu_us)), results: {bytes, ...results}};
}
