// The journal as it lies in the data file: what every durable subscriber is going to be given.
import assert from 'node:assert/strict';
import {databaseIn, query} from './sqlite.mjs';

// Events in journal order: {sequence, type, subject, data}, like the envelopes that readers get.
export async function journal(dataDir) {
    const statement = 'SELECT sequence, type, subject, data FROM events ORDER BY sequence';
    const rows = await query(databaseIn(dataDir), statement);
    return rows.map((row) => ({...row, data: JSON.parse(row.data)}));
}

// Each record has exactly the events of its history: created at version 1, then one for each version
// up to the one it has now, in order. So nothing committed without its event and no event came twice.
export function assertComplete(events, streams) {
    for (let n = 1; n < events.length; n += 1) {
        assert.equal(events[n].sequence, events[n - 1].sequence + 1, 'the journal has no gaps');
    }
    const versions = new Map();
    for (const {type, subject, data} of events) {
        if (!/^stream\.(created|updated|status_changed|pinned|archived)$/.test(type)) continue;
        const seen = versions.get(subject) ?? [];
        assert.equal(
            type === 'stream.created',
            seen.length === 0,
            `${subject}: ${type} out of order`,
        );
        versions.set(subject, [...seen, data.version]);
    }
    for (const {id, version} of streams) {
        assert.deepEqual(
            versions.get(`stream/${id}`),
            Array.from({length: version}, (_, n) => n + 1),
            `events of stream/${id}`,
        );
    }
    assert.equal(versions.size, streams.length, 'no event without its record');
}

// The records, by subject, of a reader who has the events of streams and no database: it begins with
// the record of `created` and from then on applies only what each event says has changed.
export function rebuilt(events) {
    const records = new Map();
    for (const {type, subject, data: told} of events) {
        const {changes, ...data} = told;
        if (type === 'stream.deleted') {
            records.delete(subject);
            continue;
        }
        const known = records.get(subject);
        if (!known) {
            assert.equal(type, 'stream.created', `${subject} begins with its creation`);
            records.set(subject, data);
            continue;
        }
        const next = {...known, version: data.version, updated_at: data.updated_at};
        for (const [field, {from, to}] of Object.entries(changes ?? {})) {
            assert.deepEqual(known[field], from, `${subject}: ${type} changes what was there`);
            next[field] = to;
        }
        // Second names of the same values.
        Object.assign(next, {link: next.url, last_checked: next.last_checked_at});
        assert.deepEqual(next, data, `${subject}: ${type} names every change`);
        records.set(subject, next);
    }
    return records;
}
