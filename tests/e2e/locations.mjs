// Locations over REST, and the streams that are there.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {curl} from './lib/curl.mjs';
import {Records} from './lib/records.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';

const host = await startTopology({after}, chosenTopology);
const locations = new Records(host, '/locations');
const api = new Api(host);

test('a place is kept once, whatever its spelling', async () => {
    const {json: austin, headers} = await locations.expect(201, 'POST', '', {
        city: ' Austin ',
        state_province: 'TX',
        country: 'USA',
        latitude: 30.2672,
        longitude: -97.7431,
        known_city: true,
    });
    assert.equal(headers.location, `/api/v1/locations/${austin.id}`);
    const {display_name, normalized_name, latitude, known_city} = austin;
    assert.deepEqual(
        {display_name, normalized_name, latitude, known_city},
        {
            display_name: 'Austin, TX',
            normalized_name: 'austin, tx, usa',
            latitude: 30.2672,
            known_city: true,
        },
    );
    const again = await locations.expect(409, 'POST', '', {
        location: {city: 'AUSTIN', state_province: 'tx', country: 'usa'},
    });
    assert.equal(again.json.errors[0].field, 'normalized_name');
    for (const [path, known] of [['/all', true], ['/known_cities', true]]) {
        const {json} = await locations.expect(200, 'GET', path);
        const found = json.locations.some(({normalized_name: name}) => name === 'austin, tx, usa');
        assert.equal(found, known, path);
    }
});

test('what is wrong with a location is named', async () => {
    await locations.expectRefusals([
        [{}, 'city'],
        [{city: ' '}, 'city'],
        [{city: 'x'.repeat(256)}, 'city'],
        [{city: []}, 'city'],
        [{city: 'a', country: 5}, 'country'],
        [{city: 'a', latitude: 90.1}, 'latitude'],
        [{city: 'a', longitude: -181}, 'longitude'],
        [{city: 'a', longitude: '12'}, 'longitude'],
        [{city: 'a', known_city: 'yes'}, 'known_city'],
    ]);
    await locations.expectStrictness({city: 'Strict'});
    const {id} = await locations.made({city: 'Versions'});
    await locations.expectVersions(id, {region: 'one'}, {region: 'other'});
});

test('viewers and keys read, editors and keys for streams write', async () => {
    const credentials = {
        nobody: null,
        viewer: await locations.token('viewer'),
        editor: await locations.token('editor'),
        reader: await locations.key('streams:read'),
        writer: await locations.key('streams:write'),
    };
    const {id} = await locations.made({city: 'Rights'});
    const reads = {nobody: 401, viewer: 200, editor: 200, reader: 200};
    const writes = (status) => ({
        nobody: 401, viewer: 403, reader: 403, editor: status, writer: status,
    });
    await locations.expectRights(credentials, [
        ['GET', '', undefined, reads],
        ['GET', '/all', undefined, reads],
        ['GET', '/known_cities', undefined, reads],
        ['POST', '', (who) => ({city: `By ${who}`}), writes(201)],
        ['PATCH', `/${id}`, {known_city: true}, writes(200)],
        ['DELETE', `/${id}`, undefined, {nobody: 401, viewer: 403, reader: 403, editor: 204}],
    ]);
});

test('streams of one place share its location, which stays while they are there', async () => {
    const made = await Promise.all(
        Array.from({length: 20}, (_, n) =>
            api.create({url: `https://kick.com/place${n}`, city: 'Seattle', state: 'WA'}),
        ),
    );
    const ids = new Set(made.map(({location_id}) => location_id));
    assert.equal(ids.size, 1);
    const [id] = ids;
    assert.equal((await locations.listed('?city=Seattle')).meta.total_count, 1);
    const used = await locations.expect(422, 'DELETE', `/${id}`);
    assert.equal(used.json.errors[0].field, 'base');
    assert.match(used.json.errors[0].message, /used by 20 stream/);
    for (const {id: stream} of made) await api.expect(204, 'DELETE', `/streams/${stream}`);
    await locations.expect(204, 'DELETE', `/${id}`);
    const unknown = await api.request('POST', '/streams', {
        url: 'https://kick.com/nowhere',
        location_id: 987654321,
    });
    assert.equal(unknown.status, 422);
    assert.equal(unknown.body.errors[0].field, 'location_id');
    const alone = await api.create({url: 'https://kick.com/statealone', state: 'WA'});
    assert.equal(alone.location_id, null);
});

test('where the flag asks for it, streams are in known cities alone', async () => {
    const flag = (action) =>
        curl(`${host.url}/api/v1/features/location_validation/${action}`, {method: 'POST'});
    assert.equal((await flag('enable')).status, 200);
    let n = 0;
    const create = (place) => {
        n += 1;
        return api.request('POST', '/streams', {url: `https://kick.com/flag${n}`, ...place});
    };
    await until('the flag counts', async () => (await create({city: 'Atlantis'})).status === 422);
    const refused = await create({city: '%'});
    assert.equal(refused.status, 422);
    assert.match(refused.body.errors[0].message, /not a recognized city/);
    const known = await create({city: 'AUSTIN', state: 'tx'});
    assert.equal(known.status, 201);
    assert.equal(known.body.city, 'Austin');
    assert.equal((await flag('disable')).status, 200);
    await until('it counts no more', async () => (await create({city: 'Atlantis'})).status === 201);
});
