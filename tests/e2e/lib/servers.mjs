// NATS, PostgreSQL and Redis as Debian ships them, each on a free port in a folder of its own, and a
// proxy that can stop passing bytes.
import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, mkdirSync, readdirSync} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {cleanUp} from './cleanup.mjs';
import {Child, freePort, output, scratchFolder} from './processes.mjs';
import {seconds, until} from './wait.mjs';

async function isListening(port) {
    const socket = net.connect(port, '127.0.0.1');
    try {
        await once(socket, 'connect');
        return true;
    } finally {
        socket.destroy();
    }
}

// A server that can be killed and started again on the same port and data.
class Server {
    static async start(t, options = {}) {
        const server = new this();
        server.port = await freePort();
        server.folder = scratchFolder(t, server.name);
        server.prepare(options);
        cleanUp(t, () => server.kill());
        await server.run();
        return server;
    }

    prepare() {}

    async run() {
        const [command, ...args] = this.command();
        this.child = new Child(this.name, command, args);
        await until(`${this.name} on port ${this.port}`, () => isListening(this.port), seconds(20));
        await this.settled();
    }

    async settled() {}

    kill() {
        this.signal('SIGCONT');
        return this.child.end('SIGKILL');
    }

    signal(signal) {
        if (this.child.alive) this.child.process.kill(signal);
    }
}

export class NatsServer extends Server {
    name = 'nats-server';

    get url() {
        return `nats://127.0.0.1:${this.port}`;
    }

    command() {
        return ['/usr/sbin/nats-server', '-a', '127.0.0.1', '-p', String(this.port)];
    }
}

export class RedisServer extends Server {
    name = 'redis-server';

    get url() {
        return `redis://127.0.0.1:${this.port}`;
    }

    command() {
        const settings = ['--bind', '127.0.0.1', '--save', '', '--dir', this.folder];
        return ['/usr/bin/redis-server', '--port', String(this.port), ...settings];
    }
}

const postgresFolder = '/usr/lib/postgresql';

// PostgreSQL refuses to run as root: then it runs as the user that its package made.
const asServerUser =
    process.getuid() === 0
        ? ['/usr/bin/setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
        : ['/usr/bin/env'];

export class PostgresServer extends Server {
    name = 'postgres';

    get url() {
        return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
    }

    get programs() {
        const newest = readdirSync(postgresFolder).sort((a, b) => a - b).at(-1);
        return path.join(postgresFolder, newest, 'bin');
    }

    prepare() {
        chmodSync(this.folder, 0o777);
        const [command, ...args] = asServerUser;
        const settings = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C'];
        execFileSync(
            command,
            [...args, `${this.programs}/initdb`, '--pgdata', `${this.folder}/data`, ...settings, '--no-sync'],
            {stdio: 'ignore', cwd: this.folder},
        );
        mkdirSync(`${this.folder}/sockets`, {mode: 0o777});
        chmodSync(`${this.folder}/sockets`, 0o777);
    }

    command() {
        const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${this.folder}/sockets`];
        const files = ['-D', `${this.folder}/data`, '-p', String(this.port)];
        return [...asServerUser, `${this.programs}/postgres`, ...files, ...settings];
    }

    // What the checker of tables and indexes says of them: nothing where they are sound.
    async damage() {
        const where = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres'];
        const what = ['--install-missing', '--heapallindexed', 'postgres'];
        try {
            return await output(`${this.programs}/pg_amcheck`, [...where, ...what]);
        } catch (error) {
            return error.stdout || error.message;
        }
    }

    // It listens before it takes anybody: recovery comes first.
    async settled() {
        await until('postgres to take connections', () => {
            execFileSync(`${this.programs}/pg_isready`, ['-h', '127.0.0.1', '-p', String(this.port)], {
                stdio: 'ignore',
            });
            return true;
        }, seconds(20));
    }
}

// Passes bytes to `port`, each way after `delay` ms, until it is cut; nobody is told then, as where a
// cable is pulled.
export class Proxy {
    static async start(t, port) {
        const proxy = new Proxy();
        proxy.sockets = new Set();
        proxy.server = net.createServer((near) => proxy.#join(near, port)).listen(0, '127.0.0.1');
        await once(proxy.server, 'listening');
        proxy.port = proxy.server.address().port;
        cleanUp(t, () => {
            for (const socket of proxy.sockets) socket.destroy();
            proxy.server.close();
        });
        return proxy;
    }

    cut() {
        this.isCut = true;
        for (const socket of this.sockets) socket.pause();
    }

    join() {
        this.isCut = false;
        for (const socket of this.sockets) socket.resume();
    }

    async #join(near, port) {
        this.sockets.add(near);
        near.on('error', () => near.destroy());
        const far = net.connect(typeof port === 'function' ? await port() : port, '127.0.0.1');
        for (const [from, to] of [[near, far], [far, near]]) {
            this.sockets.add(from);
            from.on('data', (bytes) => {
                if (this.delay) setTimeout(() => to.write(bytes), this.delay);
                else to.write(bytes);
            });
            from.on('error', () => from.destroy());
            from.on('close', () => {
                this.sockets.delete(from);
                to.destroy();
            });
            if (this.isCut) from.pause();
        }
    }
}
