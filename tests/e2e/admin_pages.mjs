// The admin page in a real browser: who gets in, what can be done to streams there, who hears of it,
// and what it shows of what others do.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {Browser, whyNoBrowser} from './lib/browser.mjs';
import {Subscriber} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {signUp} from './lib/people.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {until} from './lib/wait.mjs';
import {Visitor} from './lib/visitor.mjs';

const reason = whyNoBrowser();
if (reason) {
    console.log(`suite skipped: ${reason}`);
    process.exit(0);
}

const host = await startTopology({after}, chosenTopology);
const browser = await Browser.start({after});
const api = new Api(host);
// Where there are two listeners, others come by the second one.
const elsewhere = host.listeners().at(-1);
const theirs = new Api(elsewhere);
const password = 'Password123';
const admin = await signUp(host, 'admin');

const rowOf = ({id}) => `tr.stream[data-id="${id}"]`;
const action = (stream, name) => `${rowOf(stream)} [data-action=${name}]`;
const field = (name) => `tr.editor [name=${name}]`;

async function logIn(visitor, {email}, given = password) {
    await visitor.type('#email', email);
    await visitor.type('#password', given);
    await visitor.press('Enter');
}

// Somebody who is logged in, at the list with that query; `options` as Browser.open()'s.
async function arrive(who = admin, query = '', options = {}) {
    const visitor = await Visitor.at(browser, `${host.url}/admin${query}`, options);
    await logIn(visitor, who);
    await visitor.seesPath(`/admin${query}`);
    if (!options.script) await visitor.seesText('#live', 'Live');
    return visitor;
}

let streams = 0;
const create = (fields = {}) =>
    api.create({url: `https://twitch.tv/admin_${(streams += 1)}`, title: `Stream ${streams}`, ...fields});

const listed = (visitor) =>
    visitor.run(() => [...document.querySelectorAll('tr.stream')].map(({dataset}) => Number(dataset.id)));
const sees = (visitor, ids) =>
    until(`the streams ${ids}`, async () => JSON.stringify(await listed(visitor)) === JSON.stringify(ids));

test('strangers are led to the log-in, stay there with a wrong password, and go on where they wanted', async () => {
    const visitor = await Visitor.at(browser, `${host.url}/admin?status=live`);
    await visitor.seesPath('/admin/login?status=live');
    await visitor.click('#log-in button');
    await visitor.sees('an error at a field', () => document.querySelector('[aria-invalid=true]'));
    await logIn(visitor, admin, 'Password124');
    await visitor.sees('the refusal', () => document.querySelector('#problem').textContent !== '');
    assert.equal(await visitor.run(() => document.querySelector('#password').value), '');
    assert.equal(await visitor.run(() => location.pathname), '/admin/login');
    await logIn(visitor, admin);
    await visitor.seesPath('/admin?status=live');
    await visitor.seesText('#who', `${admin.email} · admin`);
    const [cookie] = await visitor.cookies();
    assert.equal(cookie.name, 'streamwall_session');
    assert.ok(cookie.httpOnly);
    assert.equal(await visitor.run(() => document.cookie), '');
});

test('a viewer is told that the page is not for them, and can leave', async () => {
    const viewer = await signUp(host);
    const visitor = await Visitor.at(browser, `${host.url}/admin`);
    await logIn(visitor, viewer);
    await visitor.seesText('#who', `${viewer.email}, role viewer`);
    assert.equal(await visitor.run(() => fetch('/admin').then(({status}) => status)), 403);
    assert.equal(await visitor.run(() => document.querySelector('#streams')), null);
    await visitor.click('#log-out');
    await visitor.seesPath('/admin/login');
    assert.deepEqual(await visitor.cookies(), []);
});

test('pages hold no script of their own, and files are sent once', async () => {
    const editor = await signUp(host, 'editor');
    const open = [
        ['/admin', editor.token, 200],
        ['/admin/login', null, 200],
        ['/admin', (await signUp(host)).token, 403],
    ];
    for (const [path, key, status] of open) {
        const answer = await curl(host.url + path, {key});
        assert.equal(answer.status, status, path);
        assert.match(answer.headers['content-security-policy'], /script-src 'self';.*frame-ancestors 'none'/);
        assert.doesNotMatch(answer.text, /<script(?![^>]* src=)|<style| on[a-z]+=/);
    }
    const away = await curl(`${host.url}/`, {key: null});
    assert.deepEqual([away.status, away.headers.location], [303, '/admin']);
    const file = `${host.url}/admin/assets/admin.mjs`;
    const {headers} = await curl(file, {key: null});
    assert.match(headers['content-type'], /^text\/javascript/);
    const again = await curl(file, {key: null, headers: {'If-None-Match': headers.etag}});
    assert.deepEqual([again.status, again.text], [304, '']);
    const packed = await fetch(file, {headers: {'Accept-Encoding': 'gzip'}});
    await packed.text();
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.equal((await curl(`${host.url}/admin/assets/none.mjs`, {key: null})).status, 404);
});

test('the list is filtered, searched, sorted and paged, and its address says how', async () => {
    const city = 'Longlist';
    const made = [];
    await create({city: 'Elsewhere'});
    for (const n of [1, 2, 3]) made.push(await create({city, title: `Page ${n}`, status: 'offline'}));
    const live = await create({city, title: 'Aardvark', status: 'live', state: 'IL'});
    for (let n = 0; n < 23; n += 1) await create({city, title: `Later ${String(n).padStart(2, '0')}`});
    const visitor = await arrive();
    await visitor.type('#city', city);
    await visitor.seesText('#total', '27 streams');
    await visitor.choose('#order', 'title asc');
    await visitor.seesPath('/admin?city=Longlist&sort=title&direction=asc');
    await visitor.click('#pages [rel=next]');
    await visitor.seesText('#place', 'Page 2 of 2');
    await sees(visitor, made.slice(1).map(({id}) => id));
    await visitor.click('.chip:has([value=live])');
    await sees(visitor, [live.id]);
    await visitor.seesPath('/admin?city=Longlist&status=live&sort=title&direction=asc');
    await visitor.go('about:blank');
    await visitor.go(`${host.url}/admin?city=Longlist&status=live&sort=title&direction=asc`);
    await sees(visitor, [live.id]);
    assert.ok(await visitor.run(() => document.querySelector('[value=live]').checked));
    await visitor.click('.chip:has([value=live])');
    await visitor.type('#search', 'page');
    await sees(visitor, made.map(({id}) => id));
    await visitor.run(() => history.back());
    await visitor.seesText('#total', '27 streams');
    await visitor.go(`${host.url}/admin?status=nonsense`);
    await visitor.seesText('#trouble', 'status');
});

test('an edit in the page reaches subscribers and readers as one by the interface does', async (t) => {
    const stream = await create({city: 'Edited', notes: 'as it was'});
    const subscriber = await Subscriber.connect(t, elsewhere.cable);
    const visitor = await arrive(admin, '?city=Edited');
    await visitor.click(action(stream, 'edit'));
    await visitor.type(field('title'), 'Another title');
    await visitor.choose(field('status'), 'live');
    await visitor.type(field('labels'), 'one, two');
    await visitor.press('Enter');
    await visitor.seesText(`${rowOf(stream)} .title`, 'Another title');
    const {changes} = await subscriber.message(
        'the edit',
        (message) => message.action === 'updated' && message.stream.id === stream.id,
    );
    assert.deepEqual(changes.title, {from: stream.title, to: 'Another title'});
    assert.deepEqual(changes.status, {from: 'unknown', to: 'live'});
    assert.ok(!('notes' in changes), 'what was not touched is not sent');
    const saved = await theirs.get(stream.id);
    assert.deepEqual([saved.title, saved.status, saved.notes], ['Another title', 'live', 'as it was']);
    assert.deepEqual(saved.labels, ['one', 'two']);
    const isClosed = () => visitor.sees('no editor', () => !document.querySelector('tr.editor'));
    await isClosed();

    await visitor.click(`${rowOf(stream)} [data-cell=notes]`);
    await visitor.type(field('url'), 'javascript:alert(1)');
    await visitor.type(field('title'), 'x'.repeat(501));
    await visitor.click('tr.editor .main');
    for (const name of ['url', 'title']) {
        await visitor.sees(
            `an error at ${name}`,
            (wanted) =>
                document.querySelector(`tr.editor [data-error-of=${wanted}]`).textContent !== '' &&
                document.querySelector(`tr.editor [name=${wanted}]`).ariaInvalid === 'true',
            name,
        );
    }
    await visitor.press('Escape');
    await isClosed();
    assert.equal((await theirs.get(stream.id)).version, saved.version);
});

test('streams are added, pinned, archived, brought back and deleted', async () => {
    const visitor = await arrive();
    const url = 'https://twitch.tv/added_by_page';
    await visitor.type('#add-url', 'not a link');
    await visitor.press('Enter');
    await visitor.sees('an error at the address', () => document.querySelector('#add-url-error').textContent);
    await visitor.type('#add-url', url);
    await visitor.press('Enter');
    await visitor.seesText('#notice', 'Added');
    const [stream] = await api.withUrl(url);
    assert.equal(stream.user_id, admin.id);
    await visitor.type('#add-url', url);
    await visitor.press('Enter');
    await visitor.seesText('#notice', 'Already there');
    await sees(visitor, [stream.id]);
    const is = (what, holds) => until(what, async () => holds(await theirs.get(stream.id)));
    await visitor.click(action(stream, 'pin'));
    await is('the pin', ({pinned}) => pinned);
    await visitor.sees(
        'the pressed pin',
        (where) => document.querySelector(where).ariaPressed === 'true',
        action(stream, 'pin'),
    );
    await visitor.click(action(stream, 'pin'));
    await is('no pin', ({pinned}) => !pinned);
    await visitor.click(action(stream, 'archive'));
    await is('the archive', ({archived}) => archived);
    await sees(visitor, []);
    await visitor.choose('#archived', 'true');
    await visitor.seesText(action(stream, 'archive'), 'Restore');
    await visitor.click(action(stream, 'archive'));
    await is('the way back', ({archived}) => !archived);
    await visitor.choose('#archived', '');
    await visitor.click(action(stream, 'remove'));
    await visitor.click('#confirm [value=no]');
    await visitor.sees('no dialog', () => !document.querySelector('#confirm').open);
    await theirs.get(stream.id);
    await visitor.click(action(stream, 'remove'));
    await visitor.seesText('#confirm-what', url);
    await visitor.click('#confirm [value=yes]');
    await visitor.seesText('#notice', 'Deleted');
    await sees(visitor, []);
    assert.equal((await theirs.request('GET', `/streams/${stream.id}`)).status, 404);
});

test('what others do appears without a reload', async () => {
    const stream = await create({city: 'Watched'});
    const visitor = await arrive(admin, '?city=Watched');
    await sees(visitor, [stream.id]);
    await visitor.run(() => (window.isSamePage = true));
    await theirs.expect(200, 'PATCH', `/streams/${stream.id}`, {title: 'Changed elsewhere'});
    await visitor.seesText(`${rowOf(stream)} .title`, 'Changed elsewhere');
    const second = await create({city: 'Watched', title: 'A second one'});
    await sees(visitor, [second.id, stream.id]);
    await visitor.seesText('#total', '2 streams');
    await theirs.expect(200, 'PUT', `/streams/${stream.id}/pin`);
    await sees(visitor, [stream.id, second.id]);
    await theirs.expect(204, 'DELETE', `/streams/${stream.id}`);
    await sees(visitor, [second.id]);
    await theirs.expect(200, 'PATCH', `/streams/${second.id}`, {city: 'Elsewhere'});
    await visitor.seesText('#empty', 'No stream matches');
    assert.ok(await visitor.run(() => window.isSamePage));
});

test('text of strangers is shown as text', async () => {
    const hostile = '<img src=x onerror="window.isHurt=1"><script>window.isHurt=1</script>';
    const stream = await create({title: hostile, notes: hostile, city: 'Hostile', posted_by: hostile});
    const visitor = await arrive(admin, '?city=Hostile');
    await visitor.seesText(`${rowOf(stream)} .title`, hostile);
    assert.equal(await visitor.text(`${rowOf(stream)} [data-cell=notes]`), hostile);
    await visitor.click(action(stream, 'edit'));
    assert.equal(await visitor.run(() => document.querySelector('tr.editor [name=title]').value), hostile);
    await theirs.expect(200, 'PATCH', `/streams/${stream.id}`, {title: `${hostile}!`});
    await visitor.seesText(`${rowOf(stream)} .title`, `${hostile}!`);
    await visitor.click(action(stream, 'remove'));
    await visitor.seesText('#confirm-what', `${hostile}!`);
    assert.equal(await visitor.run(() => document.querySelectorAll('main img, dialog img').length), 0);
    assert.equal(await visitor.run(() => window.isHurt), undefined);
    await assert.rejects(
        visitor.run(() => (document.body.innerHTML = '<b>markup</b>')),
        /TrustedHTML/,
        'the browser refuses what no script here does',
    );
});

test('two who edit one stream see what the other wrote, and overwrite nothing unseen', async () => {
    const stream = await create({city: 'Conflict', notes: 'old notes'});
    const visitor = await arrive(admin, '?city=Conflict');
    await visitor.click(action(stream, 'edit'));
    await visitor.type(field('title'), 'Mine');
    await theirs.expect(200, 'PATCH', `/streams/${stream.id}`, {title: 'Theirs', notes: 'new notes'});
    await visitor.seesText('tr.editor .changed', 'You both changed: Title.');
    await visitor.seesText('tr.editor .conflict:not([hidden]) q', 'Theirs');
    const shown = (name) => visitor.run((where) => document.querySelector(where).value, field(name));
    assert.deepEqual([await shown('title'), await shown('notes')], ['Mine', 'new notes']);
    await visitor.click('tr.editor .main');
    await visitor.seesText(`${rowOf(stream)} .title`, 'Mine');
    const {title, notes} = await theirs.get(stream.id);
    assert.deepEqual([title, notes], ['Mine', 'new notes']);
});

test('whoever does not hear of changes is refused, is shown both, and may take what is there', async () => {
    const stream = await create({city: 'Refused'});
    // Its sockets never open, as behind a proxy that lets none through.
    const script = 'window.WebSocket = class { close() {} send() {} };';
    const visitor = await arrive(admin, '?city=Refused', {script});
    const change = (fields) => theirs.expect(200, 'PATCH', `/streams/${stream.id}`, fields);
    await visitor.click(action(stream, 'edit'));
    await visitor.type(field('title'), 'Mine');
    await change({title: 'Theirs'});
    await visitor.click('tr.editor .main');
    await visitor.seesText('tr.editor .conflict:not([hidden]) q', 'Theirs');
    assert.equal((await theirs.get(stream.id)).title, 'Theirs');
    await visitor.click('tr.editor .conflict:not([hidden]) button');
    await visitor.type(field('city'), 'Refused too');
    await visitor.click('tr.editor .main');
    await visitor.sees('no editor', () => !document.querySelector('tr.editor'));
    const {title, city} = await theirs.get(stream.id);
    assert.deepEqual([title, city], ['Theirs', 'Refused too']);

    await change({title: 'Once more'});
    await visitor.go(`${host.url}/admin?city=Refused+too`);
    await visitor.seesText(`${rowOf(stream)} .title`, 'Once more');
    await change({title: 'And again'});
    await visitor.click(action(stream, 'remove'));
    await visitor.click('#confirm [value=yes]');
    await visitor.seesText('#trouble', 'Not deleted');
    await visitor.seesText(`${rowOf(stream)} .title`, 'And again');
    await theirs.get(stream.id);
});

test('editors see all streams, pin any, and edit their own', async () => {
    const editor = await signUp(host, 'editor');
    const other = await create({city: 'Shared'});
    const visitor = await arrive(editor, '?city=Shared');
    await sees(visitor, [other.id]);
    for (const name of ['edit', 'remove']) {
        assert.ok(await visitor.run((where) => document.querySelector(where).disabled, action(other, name)));
    }
    await visitor.click(action(other, 'pin'));
    await until('the pin', async () => (await theirs.get(other.id)).pinned);
    const own = await curl(`${host.url}/api/v1/streams`, {
        method: 'POST',
        key: editor.token,
        body: {url: 'https://twitch.tv/of_the_editor', city: 'Shared'},
    });
    await visitor.click(action(own.json, 'edit'));
    await visitor.type(field('title'), 'Mine to edit');
    await visitor.press('Enter');
    await visitor.seesText(`${rowOf(own.json)} .title`, 'Mine to edit');
});

test('a log-out ends the session here and everywhere, and a page that is open goes back to the log-in', async () => {
    const [here, there] = [await arrive(admin, '?city=None'), await arrive(admin)];
    const cookieOf = async (visitor) => {
        const [{name, value}] = await visitor.cookies();
        return {Cookie: `${name}=${value}`};
    };
    const session = (method, headers) =>
        curl(`${elsewhere.url}/api/v1/session`, {method, key: null, headers});
    const Cookie = await cookieOf(here);
    const {json} = await session('GET', Cookie);
    assert.equal((await session('DELETE', {...Cookie, 'X-CSRF-Token': json.csrf_token})).status, 204);
    await here.seesPath('/admin/login?city=None');
    assert.equal((await session('GET', Cookie)).status, 401);

    await there.seesText('#live', 'Live');
    const kept = await cookieOf(there);
    await there.click('#log-out');
    await there.seesPath('/admin/login');
    await until('the end of the session', async () => (await session('GET', kept)).status === 401);
    await there.go(`${host.url}/admin`);
    await there.seesPath('/admin/login');
});

test('who becomes a viewer loses the list', async () => {
    const editor = await signUp(host, 'editor');
    const visitor = await arrive(editor);
    await theirs.expect(200, 'PATCH', `/users/${editor.id}`, {role: 'viewer'});
    await visitor.seesText('#who', 'role viewer');
});

test('the keyboard alone is enough, and a phone is wide enough', async () => {
    const stream = await create({city: 'Narrow', title: 'x'.repeat(200), notes: 'y'.repeat(300)});
    const visitor = await arrive(admin, '?city=Narrow');
    await sees(visitor, [stream.id]);
    await visitor.run((where) => document.querySelector(where).focus(), action(stream, 'edit'));
    await visitor.press('Enter');
    await visitor.sees('the first field', () => document.activeElement.name === 'title');
    await visitor.press('Tab');
    await visitor.sees('the next one', () => document.activeElement.name === 'url');
    await visitor.press('Escape');
    await visitor.sees(
        'the button again',
        (where) => document.activeElement === document.querySelector(where),
        action(stream, 'edit'),
    );
    await visitor.press('Tab');
    await visitor.press('Tab');
    await visitor.press('Enter');
    await visitor.sees('the question', () => document.querySelector('#confirm').open);
    await visitor.press('Enter');
    await visitor.sees('no deletion by a stray key', () => !document.querySelector('#confirm').open);
    await theirs.get(stream.id);
    await visitor.page.send('Emulation.setDeviceMetricsOverride', {
        width: 360,
        height: 740,
        deviceScaleFactor: 2,
        mobile: true,
    });
    await visitor.click(action(stream, 'edit'));
    await visitor.sees('all of it within the width', () => document.documentElement.scrollWidth <= 360);
});
