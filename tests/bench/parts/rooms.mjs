// Chat in one session of collaboration with 1,000 members, four messages on their way at a time: what
// a delivery costs and when the last member has it, beside one send() a member. And what 10,000 members
// of sessions of ten cost that only sit there, beside as many subscribers who are in no room.
import {cableLoad, key, roomLoad, startHost, startPeer} from '../lib/programs.mjs';
import {alternate, medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'A room of 1,000 members, four messages at a time, and 10,000 idle members of others';

const members = 1000;
const messages = 300;
const window = 4;

const idlers = 10_000;
const sessionSize = 10;
const idleSeconds = 10;

// Each in a fresh host, whose memory says nothing of others.
async function idleOf(t, size) {
    const host = await startHost(t);
    const result = await roomLoad('idle', host.port, key, host.pid, idlers, idleSeconds, size);
    await host.stop();
    return result;
}

function idleRows(inRooms, inNone) {
    const few = inRooms.members < idlers ? ' (as many as there are descriptors for)' : '';
    return [
        {
            figure: `resident memory a member, ${inRooms.members} idle${few}, beyond a plain subscriber's`,
            measured: `${rounded(inRooms.bytes - inNone.bytes)} bytes (${rounded(inRooms.bytes)} in all)`,
            floor: `${rounded(inNone.bytes)} bytes a plain subscriber`,
        },
        {
            figure: `CPU of the host while they sit there for ${idleSeconds} s, pings answered`,
            measured: `${rounded(inRooms.cpu_percent)} % of a core`,
            floor: `${rounded(inNone.cpu_percent)} % with plain subscribers`,
        },
    ];
}

export async function run(t, {rounds}) {
    const host = await startHost(t);
    const {bytes} = await roomLoad('chat', host.port, key, host.pid, 10, 10, 1);
    const bare = await startPeer(t, 'bare_send', bytes);
    const sides = await alternate(Math.min(rounds, 3), {
        ours: () => roomLoad('chat', host.port, key, host.pid, members, messages, window),
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
    const [inRooms, inNone] = [await idleOf(t, sessionSize), await idleOf(t, 0)];
    const lost = sides.ours.reduce((sum, result) => sum + result.lost, 0);
    return {
        rows: [
            row('server CPU a delivery', 'cpu_us', ' us'),
            row('deliveries', 'per_second', '/s'),
            row('p99 of the last member', 'last_p99_us', ' us'),
            {figure: 'lost', measured: `${lost}`, goal: '0', met: lost === 0},
            ...idleRows(inRooms, inNone),
        ],
        spread: spread(sides.ours.map((result) => result.cpu_us)),
        results: {...sides, idle: {inRooms, inNone}},
    };
}
