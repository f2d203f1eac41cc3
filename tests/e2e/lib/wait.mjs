// Waiting for conditions: nothing in these tests sleeps for a fixed time and hopes.

// Sanitizer builds are several times slower; the build says by how much.
const scale = Number(process.env.E2E_TIME_SCALE ?? 1);

export const seconds = (n) => n * 1000 * scale;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What was waited for in vain: the last words of a process that fails.
export const inVain = [];

function late(text, options) {
    inVain.push(text);
    return new Error(text, options);
}

// Calls `probe` until it returns something truthy, and returns that. An exception counts as "not yet";
// the last one is shown when time is up.
export async function until(what, probe, limit = seconds(10)) {
    const deadline = performance.now() + limit;
    let last;
    for (;;) {
        try {
            const value = await probe();
            if (value) return value;
            last = undefined;
        } catch (error) {
            last = error;
        }
        if (performance.now() >= deadline) {
            throw late(`waited ${limit} ms in vain for ${what}`, {cause: last});
        }
        await pause(10);
    }
}

// The promise's value, or an error that names what did not come in time.
export async function within(what, promise, limit = seconds(10)) {
    let timer;
    const timeout = new Promise((_, reject) => {
        timer = setTimeout(() => reject(late(`${what}: nothing within ${limit} ms`)), limit);
    });
    try {
        return await Promise.race([promise, timeout]);
    } finally {
        clearTimeout(timer);
    }
}

// A moment between `from` and `to` ms from now: the one place where time itself is the subject, because
// a process is to be killed while it is busy.
export const momentBetween = (from, to) => pause(from + Math.random() * (to - from));
