// Undoing what a test set up, the last thing first: the host before its folder, the disk before both.
const stacks = new WeakMap();
const atExit = new Set();

// For a test that ends before its time: what is still set up is undone without waiting.
process.on('exit', () => {
    for (const undo of [...atExit].reverse()) {
        try {
            undo();
        } catch (error) {
            process.stderr.write(`cleaning up: ${error.message}\n`);
        }
    }
});

// Calls `undo`, which must not wait, when the process ends, unless the returned function is called
// before.
export function cleanUpAtExit(undo) {
    atExit.add(undo);
    return () => atExit.delete(undo);
}

// `t` is a test's context, or {after} of node:test for what a whole file shares.
export function cleanUp(t, undo) {
    let stack = stacks.get(t);
    if (!stack) {
        stack = [];
        stacks.set(t, stack);
        t.after(async () => {
            const errors = [];
            while (stack.length > 0) {
                try {
                    await stack.pop()();
                } catch (error) {
                    errors.push(error);
                }
            }
            if (errors.length > 0) throw new AggregateError(errors, 'cleaning up failed');
        });
    }
    stack.push(undo);
}
