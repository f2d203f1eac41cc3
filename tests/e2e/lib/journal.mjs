// The journal as it lies in the data file: what every durable subscriber is going to be given.
import assert from 'node:assert/strict';
import {databaseIn, query} from './sqlite.mjs';

// Events in journal order: {sequence, type, subject, version (of the record)}.
export async function journal(dataDir) {
    return query(
        databaseIn(dataDir),
        `
        SELECT sequence, type, subject, json_extract(data, '$.version') AS version
        FROM events ORDER BY sequence`,
    );
}

// Each record has exactly the events of its history: created at version 1, then one for each version
// up to the one it has now, in order. So nothing committed without its event and no event came twice.
export function assertComplete(events, streams) {
    for (let n = 1; n < events.length; n += 1) {
        assert.equal(events[n].sequence, events[n - 1].sequence + 1, 'the journal has no gaps');
    }
    const versions = new Map();
    for (const {type, subject, version} of events) {
        if (!/^stream\.(created|updated|status_changed|pinned|archived)$/.test(type)) continue;
        const seen = versions.get(subject) ?? [];
        assert.equal(
            type === 'stream.created',
            seen.length === 0,
            `${subject}: ${type} out of order`,
        );
        versions.set(subject, [...seen, version]);
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
