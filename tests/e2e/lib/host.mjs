// The host under test: started as people start it, found by what it logs, stopped by its process.
import assert from 'node:assert/strict';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {cleanUp} from './cleanup.mjs';
import {curl} from './curl.mjs';
import {Child, scratchFolder} from './processes.mjs';
import {standBefore} from './proxied.mjs';
import {seconds, until} from './wait.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const binary = path.resolve(
    process.env.STREAMWALL_BIN ?? path.join(root, 'build/dev/bin/streamwall'),
);

export const apiKey = 'e2e-bootstrap-key-0123456789abcdef';

// Port 9 (discard) refuses: no chat server, and no way to the internet.
const noChat = 'irc://127.0.0.1:9';

function parsed(line) {
    try {
        return JSON.parse(line);
    } catch {
        return {};
    }
}

export class Host {
    // `dataDir` outlives the host, so that a second one can be started on it. `scheme`: https where
    // the configuration has a certificate, which curl must have been told to trust.
    constructor(options) {
        this.options = options;
        this.dataDir = options.dataDir;
        this.spawn();
    }

    // Starts the process, or a new one when the last has ended, and waits for nothing.
    spawn() {
        const {
            dataDir,
            irc = noChat,
            channels = '#streamwall',
            config = process.env.E2E_CONFIG ?? 'config/monolith.yaml',
            node,
            env = {},
        } = this.options;
        const one = node ? ['--node', node] : [];
        this.child = new Child(node ?? 'streamwall', binary, ['run', '-c', config, ...one], {
            cwd: root,
            env: {
                ...process.env,
                STREAMWALL_LISTEN: '127.0.0.1:0',
                STREAMWALL_DATA_DIR: dataDir,
                STREAMWALL_API_KEY: apiKey,
                STREAMWALL_RATE_LIMITS: 'off',
                STREAMWALL_LOG_FORMAT: 'json',
                TWITCH_IRC_URL: irc,
                TWITCH_CHANNELS: channels,
                ...env,
            },
        });
    }

    // Starts a host in a folder of its own (or `dataDir`) and waits until it is ready.
    static async start(t, options = {}) {
        const host = new Host({...options, dataDir: options.dataDir ?? scratchFolder(t)});
        cleanUp(t, () => host.kill());
        await host.ready();
        return host;
    }

    async ready() {
        this.address = await this.child.line('the line http.listening', (line) => {
            const entry = parsed(line);
            return entry.event === 'http.listening' && entry.address;
        });
        this.url = `${this.options.scheme ?? 'http'}://${this.address}`;
        await until(
            '/health/ready, or the end of the host',
            async () =>
                !this.child.alive || (await this.ask('/health/ready')).status === 200,
            seconds(20),
        );
        assert.ok(this.child.alive, 'the host ended while starting');
        await standBefore(this);
    }

    // fetch() trusts no certificate of a test's.
    ask(route) {
        return this.options.scheme ? curl(this.url + route, {key: null}) : fetch(this.url + route);
    }

    // Cable address; a fresh call after a restart gives the new port.
    get cable() {
        return `ws://${this.address}/cable?token=${apiKey}`;
    }

    get exited() {
        return this.child.exited;
    }

    // SIGKILL: what a crash does.
    kill() {
        return this.child.end('SIGKILL');
    }

    // SIGTERM: drain and leave; must end with exit code 0.
    async stop() {
        const {code, signal} = await this.child.end('SIGTERM');
        assert.deepEqual(
            {code, signal},
            {code: 0, signal: null},
            'a graceful stop ends with exit code 0',
        );
    }
}
