// Child processes that never outlive the test that started them.
import {spawn, execFile} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {promisify} from 'node:util';
import {cleanUp, cleanUpAtExit} from './cleanup.mjs';
import {inVain, seconds, within} from './wait.mjs';

const started = [];

process.on('exit', (code) => {
    if (code === 0) return;
    for (const {name, lines} of started) {
        process.stderr.write(`---- last lines of ${name}\n${lines.slice(-60).join('\n')}\n`);
    }
    for (const what of inVain) process.stderr.write(`---- ${what}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

// A started program whose standard error and output are kept as lines.
export class Child {
    constructor(name, command, args, {env = process.env, cwd} = {}) {
        this.name = name;
        this.lines = [];
        this.listeners = new Set();
        this.process = spawn(command, args, {env, cwd, stdio: ['ignore', 'pipe', 'pipe']});
        started.push(this);
        const ended = cleanUpAtExit(() => this.process.kill('SIGKILL'));
        this.exited = new Promise((resolve) => {
            this.process.once('error', (error) => resolve({code: null, signal: null, error}));
            this.process.once('close', (code, signal) => resolve({code, signal}));
        }).then((result) => {
            ended();
            this.result = result;
            return result;
        });
        for (const stream of [this.process.stdout, this.process.stderr]) {
            readline.createInterface({input: stream}).on('line', (line) => {
                this.lines.push(line);
                for (const listener of this.listeners) listener(line);
            });
        }
    }

    get alive() {
        return this.result === undefined;
    }

    // The first line, seen or still to come, for which `pick` returns something truthy.
    line(what, pick, limit = seconds(20)) {
        const found = new Promise((resolve, reject) => {
            const look = (line) => {
                const value = pick(line);
                if (!value) return false;
                this.listeners.delete(look);
                resolve(value);
                return true;
            };
            if (this.lines.some(look)) return;
            this.listeners.add(look);
            this.exited.then(({code, signal, error}) => {
                const how = error?.message ?? signal ?? `code ${code}`;
                reject(
                    new Error(
                        `${this.name} ended (${how}) before ${what}:\n${this.lines.slice(-30).join('\n')}`,
                    ),
                );
            });
        });
        return within(`${this.name}: ${what}`, found, limit);
    }

    // Sends the signal and waits for the end; the exit code or signal is returned.
    async end(signal, limit = seconds(15)) {
        if (this.alive) this.process.kill(signal);
        return within(`end of ${this.name} after ${signal}`, this.exited, limit);
    }
}

const execute = promisify(execFile);

// Runs a program to its end and returns its standard output; throws with its standard error.
export async function output(command, args, {timeout = seconds(30)} = {}) {
    const {stdout} = await execute(command, args, {timeout, maxBuffer: 64 << 20});
    return stdout;
}

// A folder that is removed when the test `t` ends.
export function scratchFolder(t, name = 'streamwall-e2e') {
    const folder = mkdtempSync(path.join(os.tmpdir(), `${name}-`));
    const remove = () => rmSync(folder, {recursive: true, force: true});
    const removed = cleanUpAtExit(remove);
    cleanUp(t, () => {
        removed();
        remove();
    });
    return folder;
}

// A port of 127.0.0.1 that nothing listens on now.
export async function freePort() {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const {port} = server.address();
    server.close();
    await once(server, 'close');
    return port;
}
