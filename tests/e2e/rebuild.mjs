// The journal is the whole truth: whoever reads it from the beginning has every record as it is now.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {Host} from './lib/host.mjs';
import {databaseIn, query} from './lib/sqlite.mjs';

// What a reader without a database of its own does: it begins with the record of `created` and from
// then on applies only what each event says has changed.
function fold(events) {
    const records = new Map();
    for (const {type, subject, data, changes} of events) {
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
        assert.deepEqual(next, data, `${subject}: ${type} names every change`);
        records.set(subject, next);
    }
    return records;
}

async function streamEvents(dataDir) {
    const rows = await query(
        databaseIn(dataDir),
        "SELECT type, subject, data, changes FROM events WHERE type LIKE 'stream.%' ORDER BY sequence",
    );
    return rows
        .filter(({type}) => !/discovered|duplicate_seen/.test(type))
        .map((row) => ({
            ...row,
            data: JSON.parse(row.data),
            changes: row.changes ? JSON.parse(row.changes) : undefined,
        }));
}

test('folding the events of a stream gives its record, from the creation to the end', async (t) => {
    const host = await Host.start(t);
    const api = new Api(host);
    const kept = await api.create({
        url: 'https://twitch.tv/kept',
        title: 'Größe 🎥 "quoted"',
        labels: ['a', 'b'],
    });
    const gone = await api.create({url: 'https://kick.com/gone', city: 'Portland', state: 'OR'});
    await api.expect(200, 'PATCH', `/streams/${kept.id}`, {status: 'live', title: null});
    await api.expect(200, 'PUT', `/streams/${kept.id}/pin`);
    await api.expect(200, 'PATCH', `/streams/${gone.id}`, {notes: 'soon gone'});
    await api.expect(200, 'PATCH', `/streams/${kept.id}`, {
        labels: [],
        city: 'Lyon',
        country: 'France',
    });
    await api.expect(200, 'DELETE', `/streams/${kept.id}/pin`);
    await api.request('DELETE', `/streams/${gone.id}`);
    const records = await api.all();
    await host.stop();

    const folded = fold(await streamEvents(host.dataDir));
    assert.equal(folded.size, records.length);
    for (const record of records) {
        const rebuilt = folded.get(`stream/${record.id}`);
        assert.deepEqual(rebuilt, record, `stream/${record.id}`);
    }
});
