// The main job: from a line posted in chat (ngircd) to `created` on a socket of /cable.
import {ChatServer, ChatUser} from '../../e2e/lib/chat.mjs';
import {cableLoad, key, startHost} from '../lib/programs.mjs';
import {medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'From chat to every socket';

const messages = 200;

export async function run(t, {rounds, fresh}) {
    const results = [];
    for (let round = 0; round < rounds; round += 1) {
        results.push(await fresh(oneRound));
    }
    const value = (member) => `${rounded(medianOf(results, member) / 1000)} ms`;
    const p50 = medianOf(results, 'p50_us');
    return {
        rows: [
            {
                figure: `line posted to "created" read, p50 of ${messages}`,
                measured: value('p50_us'),
                floor: `${value('floor_p50_us')} to another chat user`,
                goal: '<= 50 ms',
                met: p50 <= 50000,
            },
            {figure: 'the same, p99', measured: value('p99_us'), floor: value('floor_p99_us')},
        ],
        spread: spread(results.map((result) => result.p50_us)),
        results,
    };
}

async function oneRound(t) {
    const server = await ChatServer.start(t);
    // One poster posts it all; the limit for people would stop it after ten.
    const settings = {discovery: {limit_messages: 100000}};
    const host = await startHost(t, {irc: server.url, oneLoop: false, settings});
    const watcher = await ChatUser.join(t, server, '#streamwall', 'watcher');
    await watcher.hostPresent();
    return cableLoad('chat', host.port, key, server.port, '#streamwall', messages);
}
