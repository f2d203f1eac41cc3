// Connections a second at /cable, each upgraded and welcomed: with one key, with 5,000 log-in tokens
// that the listener has not seen yet, and with the same ones again.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {hs256} from '../../e2e/lib/jwt.mjs';
import {output} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin, key, loadCore, startHost} from '../lib/programs.mjs';
import {medianOf, rounded, spread} from '../lib/stats.mjs';

export const title = 'Connections a second at /cable';

const secret = 'a-secret-of-the-benchmark-0123456789abcdef';
const tokens = 5000;
const parallel = 64;

function signed(user, number) {
    const now = Math.floor(Date.now() / 1000);
    const claims = {user_id: user, sub: String(user), jti: `bench-${now}-${number}`, iat: now, exp: now + 3600};
    return hs256(claims, secret);
}

export async function run(t, {rounds}) {
    const host = await startHost(t, {
        env: {JWT_SECRET: secret},
        settings: {'http-server': {upgrade_limit: 60000, connection_limit: 0}},
    });
    const answer = await fetch(`${host.url}/api/v1/users/signup`, {
        method: 'POST',
        headers: {'content-type': 'application/json'},
        body: JSON.stringify({email: 'bench@example.org', password: 'Correct-Horse-1'}),
    });
    const {user} = await answer.json();
    const file = (name, lines) => {
        const at = path.join(host.folder, name);
        writeFileSync(at, lines.join('\n'), {mode: 0o600});
        return at;
    };
    const connect = async (at) => {
        const args = [host.port, host.pid, tokens, parallel, at].map(String);
        const words = ['-c', String(loadCore), path.join(bin, 'connect_load'), ...args];
        const result = JSON.parse(await output('taskset', words, {timeout: seconds(60)}));
        if (result.failed > 0) throw new Error(`${result.failed} connections were refused`);
        return result;
    };
    const one = file('key', [key]);
    const results = {key: [], unknown: [], known: []};
    for (let round = 0; round < rounds; round += 1) {
        const fresh = Array.from({length: tokens}, (_, n) => signed(user.id, round * tokens + n));
        const many = file(`tokens-${round}`, fresh);
        results.key.push(await connect(one));
        results.unknown.push(await connect(many));
        results.known.push(await connect(many));
    }
    const row = (figure, side, goal) => {
        const rate = medianOf(results[side], 'per_second');
        return {
            figure: `${figure}: connections/s`,
            measured: `${rounded(rate)} (${rounded(medianOf(results[side], 'cpu_us'))} us of the server's CPU each)`,
            ...(goal ? {goal: `>= ${goal}`, met: rate >= goal} : {}),
        };
    };
    return {
        rows: [
            row('one API key', 'key', 15_000),
            row(`${tokens} log-in tokens seen for the first time`, 'unknown'),
            row('the same ones again', 'known'),
        ],
        spread: spread(results.key.map(({per_second}) => per_second)),
        results,
    };
}
