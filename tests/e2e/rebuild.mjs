// The journal is the whole truth: whoever reads it from the beginning has every record as it is now.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {rebuilt} from './lib/journal.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

test('folding the events of a stream gives its record, from the creation to the end', async (t) => {
    const host = await startTopology(t, chosenTopology);
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
    await api.expect(204, 'DELETE', `/streams/${gone.id}`);
    await api.expect(200, 'POST', `/streams/${kept.id}/archive`);
    await api.create({url: 'https://twitch.tv/kept', title: 'the next of that address'});
    const records = await api.all();

    const now = new Map(records.map((record) => [`stream/${record.id}`, record]));
    assert.deepEqual(rebuilt(await host.events('stream.*')), now);
    await host.stop();
});
