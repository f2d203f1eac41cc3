// The machine: what it is, how quiet it is, and what a process uses of it.
import {readFileSync, readdirSync} from 'node:fs';
import os from 'node:os';

const ticksPerSecond = 100; // of /proc, on every Linux that Debian runs on

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function describe() {
    const [cpu] = os.cpus();
    return {
        cores: os.cpus().length,
        cpu: cpu.model,
        memory_gib: Math.round(os.totalmem() / 2 ** 30),
        kernel: `${os.type()} ${os.release()}`,
        load: os.loadavg().map((load) => Number(load.toFixed(2))),
    };
}

// Seconds of all cores since the start: busy, and taken away by the hypervisor.
function cores() {
    const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
        .split('\n', 1)[0]
        .split(/\s+/)
        .slice(1)
        .map((ticks) => Number(ticks) / ticksPerSecond);
    return {busy: user + nice + system + irq + softirq, steal};
}

// CPU seconds of a process: its own, and those of children that it has waited for.
function cpuSeconds(pid) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system, childrenUser, childrenSystem] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 15)
        .map((ticks) => Number(ticks) / ticksPerSecond);
    return {own: user + system, waitedFor: childrenUser + childrenSystem};
}

export const ownCpuSeconds = (pid) => cpuSeconds(pid).own;

// CPU seconds of this process and of everything it has started, also where that has ended.
function ours(pid = process.pid) {
    let own;
    try {
        const {own: alive, waitedFor} = cpuSeconds(pid);
        own = alive + waitedFor;
    } catch {
        return 0; // ended meanwhile, and counted with its parent
    }
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOf(pid, task));
    return children.reduce((sum, child) => sum + ours(child), own);
}

function childrenOf(pid, task) {
    try {
        const list = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
        return list ? list.split(' ') : [];
    } catch {
        return [];
    }
}

// How much of the machine others use from now on: `share()` is 0 where nobody does.
export function watchOthers() {
    const [start, began, used] = [cores(), performance.now(), ours()];
    return {
        share() {
            const now = cores();
            const seconds = ((performance.now() - began) / 1000) * os.cpus().length;
            const others = now.busy - start.busy - (ours() - used) + now.steal - start.steal;
            return Math.max(0, others / seconds);
        },
    };
}

// Returns once others have used less than a twentieth of the machine for a moment, or time is up.
export async function quietMoment(limitMs = 8000) {
    const deadline = performance.now() + limitMs;
    for (;;) {
        const others = watchOthers();
        await pause(300);
        if (others.share() < 0.05 || performance.now() > deadline) return;
    }
}

// Resident memory in KiB: all of it, what is the process's own, and its share of what is mapped.
export function memoryOf(pid) {
    const field = (text, name) => Number(text.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))[1]);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return {
        rss: field(status, 'VmRSS'),
        anonymous: field(status, 'RssAnon'),
        proportional: field(rollup, 'Pss'),
    };
}
