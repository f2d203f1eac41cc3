// Streams of other systems come in by a command: dry, for good, and again.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {promisify} from 'node:util';
import {Api} from './lib/api.mjs';
import {binary, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {seconds} from './lib/wait.mjs';

const dataDir = scratchFolder({after});
const host = await Host.start({after}, {dataDir});
const api = new Api(host);

async function imported(file, ...options) {
    const args = ['import', file, '--data', dataDir, '--output', 'json', ...options];
    const {stdout} = await promisify(execFile)(binary, args, {timeout: seconds(60)});
    return JSON.parse(stdout);
}
function written(name, text) {
    const file = path.join(dataDir, name);
    writeFileSync(file, text);
    return file;
}

test('a dump of StreamSource: first dry, then for good, then again without harm', async () => {
    const rows = Array.from(
        {length: 250},
        (_, n) => `${n}\thttps://twitch.tv/dump${n}\tt\tLive\tAustin\tTX\t2025-01-31 12:00:00`,
    );
    rows[3] = '3\tnonsense\tf\tLive\t\\N\t\\N\t\\N';
    const file = written(
        'dump.sql',
        'COPY public.streams (id, link, is_pinned, status, city, state, last_checked_at) FROM stdin;\n' +
            `${rows.join('\n')}\n\\.\n`,
    );
    const dry = await imported(file, '--dry-run');
    assert.equal(dry.format, 'postgresql');
    assert.equal(dry.created, 249);
    assert.equal((await api.expect(200, 'GET', '/streams')).meta.total_count, 0);
    const made = await imported(file);
    assert.equal(made.created, 249);
    assert.equal(made.refused.length, 1);
    assert.equal(made.refused[0].row, 5);
    assert.match(made.refused[0].reason, /^url /);
    const [stream] = await api.withUrl('https://twitch.tv/dump0');
    assert.equal(stream.pinned, true);
    assert.equal(stream.status, 'live');
    assert.equal(stream.source, 'import');
    assert.equal(stream.last_checked_at, '2025-01-31T12:00:00.000Z');
    const again = await imported(file);
    assert.deepEqual([again.created, again.known], [0, 249]);
});

test('all that a dump of StreamSource holds comes along, and its users log in as before', async () => {
    const table = (name, columns, ...rows) =>
        `COPY public.${name} (${columns}) FROM stdin;\n` +
        `${rows.map((row) => row.join('\t')).join('\n')}\n\\.\n\n`;
    const none = '\\N';
    // Of the password "a", a vector of bcrypt's own tests.
    const hash = '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe';
    const file = written(
        'whole.sql',
        table('flipper_gates', 'id, key', [1, 'x'], [2, 'y']) +
            table(
                'locations',
                'id, city, state_province, country, is_known_city',
                [4, 'Whole Town', 'TX', 'USA', 't'],
            ) +
            table(
                'streamer_accounts',
                'id, streamer_id, platform, username',
                [1, 3, 'Twitch', 'whole'],
            ) +
            table('streamers', 'id, name, notes, user_id', [3, 'Whole', 'kept', 2]) +
            table(
                'streams',
                'id, user_id, streamer_id, location_id, source, link, status, city, state, is_archived',
                [1, 2, 3, 4, 'Whole', 'https://twitch.tv/whole', 'Live', 'Whole Town', 'TX', 'f'],
                [5, 9, 3, none, 'Whole', 'https://twitch.tv/whole_old', 'Offline', none, none, 't'],
            ) +
            table(
                'timestamp_streams',
                'id, timestamp_id, stream_id, stream_timestamp_seconds',
                [1, 6, 1, 65],
                [2, 6, 5, none],
            ) +
            table(
                'timestamps',
                'id, user_id, event_timestamp, title',
                [6, 2, '2025-01-31 12:00:00', 'Whole moment'],
            ) +
            table(
                'users',
                'id, email, encrypted_password, role',
                [2, 'whole@example.org', hash, 'editor'],
                [9, 'none@example.org', '', 'default'],
            ),
    );
    const dry = await imported(file, '--dry-run');
    assert.deepEqual([dry.created, dry.tables.users.created, dry.tables.users.refused], [2, 1, 1]);
    const made = await imported(file);
    assert.equal(made.created, 2, JSON.stringify(made));
    assert.deepEqual(made.passed_over, {flipper_gates: 2});
    assert.deepEqual(made.left_out, {'users of streams that are not here': 1});
    assert.deepEqual(
        made.refused.map(({table: where, reason}) => [where, reason.split(' ')[0]]),
        [['users', 'password_hash']],
    );
    const asThen = {email: 'whole@example.org', password: 'a'};
    const {user} = await api.expect(200, 'POST', '/users/login', asThen);
    assert.equal(user.role, 'editor');
    const [stream] = await api.withUrl('https://twitch.tv/whole');
    assert.deepEqual(
        [stream.user_id, stream.streamer_name, stream.external_id],
        [user.id, 'Whole', 'streamsource:1'],
    );
    const place = await api.expect(200, 'GET', `/locations/${stream.location_id}`);
    assert.deepEqual([place.city, place.known_city], ['Whole Town', true]);
    const streamer = await api.expect(200, 'GET', `/streamers/${stream.streamer_id}`);
    assert.deepEqual([streamer.accounts[0].username, streamer.stream_count], ['whole', 2]);
    const {timestamps} = await api.expect(200, 'GET', '/timestamps?search=whole');
    assert.deepEqual(
        timestamps[0].streams.map(({offset_seconds: offset}) => offset),
        [65, null],
    );
    assert.equal(timestamps[0].user_id, user.id);
    // The hash is one of ours by now, and the password still fits.
    await api.expect(200, 'POST', '/users/login', asThen);
    const again = await imported(file);
    assert.deepEqual([again.created, again.known], [0, 2]);
    for (const [name, {created}] of Object.entries(again.tables)) assert.equal(created, 0, name);
});

test('a terminal sees how far it is, a pipe does not', async () => {
    const rows = (name) =>
        Array.from({length: 1500}, (_, n) => `https://twitch.tv/${name}${n}`).join('\n');
    const run = promisify(execFile);
    const options = {timeout: seconds(60)};
    const seen = written('seen.csv', `url\n${rows('seen')}\n`);
    const command = `'${binary}' import '${seen}' --data '${dataDir}'`;
    const {stdout: screen} = await run('script', ['-qec', command, '/dev/null'], options);
    assert.match(screen, /\[#+ +\] +\d+ % {2}[\d,]+ of 1,500/);
    const [bar, report] = screen.split('Made 1500 streams');
    assert.ok(bar.endsWith('\r\x1b[K'), 'the bar is gone when the report comes');
    assert.match(report, /^ of 1500 rows/);
    const unseen = written('unseen.csv', `url\n${rows('unseen')}\n`);
    const piped = await run(binary, ['import', unseen, '--data', dataDir], options);
    assert.equal(piped.stderr, '');
    assert.match(piped.stdout, /^Made 1500 streams/);
});

test('the feed of the desktop app, and what an export wrote', async () => {
    const feed = [{link: 'https://kick.com/fed', source: 'Fed', status: 'Offline', orientation: 'H'}];
    const out = await imported(written('feed.json', JSON.stringify(feed)));
    assert.deepEqual([out.format, out.created], ['feed', 1]);
    const [stream] = await api.withUrl('https://kick.com/fed');
    assert.equal(stream.streamer_name, 'Fed');
    assert.equal(stream.orientation, 'horizontal');
    const csv = 'url,title,labels\nhttps://kick.com/csv,"\'=1+1, really",a; b\n';
    assert.equal((await imported(written('export.csv', csv))).created, 1);
    const [other] = await api.withUrl('https://kick.com/csv');
    assert.equal(other.title, '=1+1, really');
    assert.deepEqual(other.labels, ['a', 'b']);
});

test('our own feed in TOML comes back in', async () => {
    const shown = {
        title: 'A "title"\nof two lines',
        streamer_name: 'Toml',
        status: 'live',
        orientation: 'vertical',
    };
    const {id} = await api.create({url: 'https://twitch.tv/toml', ...shown});
    const feed = await fetch(`${host.url}/feed/streams.toml?search=toml`);
    const text = await feed.text();
    assert.match(text, /^\[\[streams\]\]/);
    await api.expect(204, 'DELETE', `/streams/${id}`);
    const out = await imported(written('feed.toml', text));
    assert.deepEqual([out.format, out.created], ['toml', 1]);
    const [stream] = await api.withUrl('https://twitch.tv/toml');
    assert.deepEqual(Object.fromEntries(Object.keys(shown).map((name) => [name, stream[name]])), shown);
});

test('a file that is none says so', async () => {
    const says = (pattern) => (error) => pattern.test(error.stdout + error.stderr);
    await assert.rejects(
        imported(written('none.txt', 'hello')),
        says(/no CSV whose first line names/),
    );
    await assert.rejects(imported(path.join(dataDir, 'missing')), says(/No such file/));
});
