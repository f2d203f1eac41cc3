// Other services that do the same, for part `rest`: Fastify, started here, and whatever runs already.
import {copyFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {cleanUp} from '../../e2e/lib/cleanup.mjs';
import {hs256} from '../../e2e/lib/jwt.mjs';
import {Child, freePort, output, scratchFolder} from '../../e2e/lib/processes.mjs';
import {seconds, until} from '../../e2e/lib/wait.mjs';
import {pin, serverCore} from './programs.mjs';

const sources = fileURLToPath(new URL('../peers', import.meta.url));
const secret = 'a-secret-of-the-benchmark-0123456789abcdef';

// HS256, of user 1, good for a day.
function signed() {
    const now = Math.floor(Date.now() / 1000);
    return hs256({user_id: 1, sub: '1', iat: now, exp: now + 24 * 3600}, secret);
}

// Fastify on the server's core, its packages from npm in a folder of its own.
export async function startFastify(t, databaseUrl, streams) {
    const folder = scratchFolder(t, 'streamwall-bench-peer');
    for (const name of ['package.json', 'fastify.mjs']) {
        copyFileSync(path.join(sources, name), path.join(folder, name));
    }
    await output('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder], {
        timeout: seconds(120),
    });
    const port = await freePort();
    const args = [path.join(folder, 'fastify.mjs'), String(port), databaseUrl, secret, String(streams)];
    const child = new Child('fastify', process.execPath, args, {
        env: {...process.env, NODE_ENV: 'production'},
    });
    cleanUp(t, () => child.end('SIGKILL'));
    pin(child, serverCore);
    const token = signed();
    await until(`fastify on port ${port}`, () => answers(`http://127.0.0.1:${port}`, token), seconds(30));
    return {name: 'Fastify, PostgreSQL', port, pid: child.process.pid, token};
}

// NAME=URL as given on the command line, with the token that it takes. Nothing is known of its
// process; it speaks the old names, such as `link`.
export async function runningPeer(text, token) {
    const [, name, url] = text.match(/^([^=]+)=(http:\/\/127\.0\.0\.1:\d+)$/) ?? [];
    if (!url) throw new Error(`--peer ${text}: give NAME=http://127.0.0.1:PORT`);
    if (!(await answers(url, token))) throw new Error(`${url} does not take the token for /api/v1/streams/1`);
    return {name, port: Number(url.split(':').pop()), token, dialect: 'link'};
}

async function answers(url, token) {
    const headers = {Authorization: `Bearer ${token}`};
    return (await fetch(`${url}/api/v1/streams/1`, {headers})).ok;
}
