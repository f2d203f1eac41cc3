// Undoing what a test set up, the last thing first: the host before its folder, the disk before both.
const stacks = new WeakMap();

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
