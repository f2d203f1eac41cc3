// Chat in one session of collaboration with 1,000 members, four messages on their way at a time: what
// a delivery costs and when the last member has it, beside one send() a member.
import {cableLoad, key, roomLoad, startHost, startPeer} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'A room of 1,000 members, four messages at a time';

const members = 1000;
const messages = 300;
const window = 4;

export async function run(t, {rounds}) {
    const host = await startHost(t);
    const {bytes} = await roomLoad(host.port, key, host.pid, 10, 10, 1);
    const bare = await startPeer(t, 'bare_send', bytes);
    const sides = await alternate(Math.min(rounds, 3), {
        ours: () => roomLoad(host.port, key, host.pid, members, messages, window),
        bare: () => cableLoad('broadcast', bare.port, key, bare.pid, members, messages, window, 1),
    });
    const row = (figure, name, unit) => {
        const [ours, floor] = [medianOf(sides.ours, name), medianOf(sides.bare, name)];
        return {
            figure,
            measured: `${rounded(ours)}${unit} (${rounded(ours / floor)} x)`,
            floor: `${rounded(floor)}${unit} bare send()`,
        };
    };
    const lost = sides.ours.reduce((sum, result) => sum + result.lost, 0);
    return {
        rows: [
            row('server CPU a delivery', 'cpu_us', ' us'),
            row('deliveries', 'per_second', '/s'),
            row('p99 of the last member', 'last_p99_us', ' us'),
            {figure: 'lost', measured: `${lost}`, goal: '0', met: lost === 0},
        ],
        spread: spread(sides.ours.map((result) => result.cpu_us)),
        results: sides,
    };
}
