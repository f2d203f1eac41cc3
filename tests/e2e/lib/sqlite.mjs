// The data file seen by SQLite's own shell, which knows nothing of the host.
import {closeSync, openSync, readSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {output} from './processes.mjs';

// The database in a data folder, known by its first bytes rather than by its name.
export function databaseIn(folder) {
    const found = readdirSync(folder, {recursive: true, withFileTypes: true})
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.path ?? folder, entry.name))
        .filter(isDatabase);
    if (found.length !== 1)
        throw new Error(`expected one SQLite file in ${folder}, found: ${found}`);
    return found[0];
}

function isDatabase(file) {
    const head = Buffer.alloc(16);
    const descriptor = openSync(file, 'r');
    readSync(descriptor, head, 0, 16, 0);
    closeSync(descriptor);
    return head.toString('latin1') === 'SQLite format 3\0';
}

// Rows of one statement.
export async function query(file, statement) {
    const text = await output('sqlite3', ['-readonly', '-json', file, statement]);
    return text.trim() ? JSON.parse(text) : [];
}

export async function integrity(file) {
    return (await output('sqlite3', [file, 'PRAGMA integrity_check'])).trim();
}
