// Topologies of the benchmarks' own: a host or several nodes from a text, as people would start them.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {cleanUp} from '../../e2e/lib/cleanup.mjs';
import {Child, scratchFolder} from '../../e2e/lib/processes.mjs';
import {until} from '../../e2e/lib/wait.mjs';
import {bin, key} from './programs.mjs';

// `streamwall COMMAND` of a configuration, with the plugins of the tests beside the others. What a
// plugin logs becomes an entry for `logged`.
export class System {
    static start(t, command, yaml) {
        const system = new System();
        system.dataDir = scratchFolder(t, 'streamwall-bench');
        const file = path.join(system.dataDir, 'bench.yaml');
        writeFileSync(file, yaml, {mode: 0o600});
        system.child = new Child('streamwall', process.env.STREAMWALL_BIN, [command, '-c', file], {
            env: {
                ...process.env,
                STREAMWALL_DATA_DIR: system.dataDir,
                STREAMWALL_PLUGIN_PATH: path.join(bin, '../tests/plugins'),
                STREAMWALL_API_KEY: key,
                STREAMWALL_RATE_LIMITS: 'off',
                STREAMWALL_LOG_FORMAT: 'json',
            },
        });
        cleanUp(t, () => system.child.end('SIGTERM'));
        system.pid = system.child.process.pid;
        return system;
    }

    // The first entry of the log, old or new, of which `pick` makes something truthy.
    logged(what, pick, limit) {
        const entry = (line) => line.startsWith('{') && pick(JSON.parse(line));
        return this.child.line(what, entry, limit);
    }

    // The same of what is logged from now on, which may be waited for later.
    willLog(what, pick, limit) {
        const old = this.child.lines.length;
        return this.logged(what, (entry) => this.child.lines.length > old && pick(entry), limit);
    }
}

// Where the process `name` of a system listens (absent: the host of a node that is alone), once it
// answers from the catalog.
export async function listener(system, name) {
    const address = await system.logged(
        `the line http.listening of ${name ?? 'the host'}`,
        (entry) => entry.event === 'http.listening' && entry.process === name && entry.address,
    );
    const url = `http://${address}`;
    const headers = {Authorization: `Bearer ${key}`};
    const answers = async () => (await fetch(`${url}/api/v1/streams?per_page=1`, {headers})).ok;
    await until(`${url} to reach the records`, answers);
    return {url, port: Number(address.split(':').pop())};
}
