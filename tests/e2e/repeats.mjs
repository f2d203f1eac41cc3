// Idempotency-Key from outside: what is sent twice is made once, across restarts and listeners.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import test, {after} from 'node:test';
import {curl} from './lib/curl.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';

const system = await startTopology({after}, chosenTopology);
const listeners = () => system.listeners().map(({url}) => `${url}/api/v1`);
const at = (n) => listeners()[n % listeners().length];

function post(key, body, {route = '/streams', base = at(0), ...rest} = {}) {
    const headers = {'Idempotency-Key': key, ...rest.headers};
    return curl(base + route, {method: 'POST', ...rest, body, headers});
}
const one = (name) => ({url: `https://twitch.tv/repeat_${name}`});

test('the same key and body get the same answer from every listener', async () => {
    const key = randomUUID();
    const first = await post(key, one('same'));
    assert.equal(first.status, 201, first.text);
    for (let n = 1; n < 5; n += 1) {
        const again = await post(key, one('same'), {base: at(n)});
        assert.equal(again.status, 201, 'not 200, as a new request with this URL');
        assert.equal(again.text, first.text);
        assert.equal(again.headers.location, first.headers.location);
        assert.equal(again.headers.etag, first.headers.etag);
        assert.equal(again.headers['idempotent-replayed'], 'true');
    }
    assert.equal((await post(randomUUID(), one('same'))).status, 200);
});

test('another body or path under a known key is 422; another credential has keys of its own', async () => {
    const key = randomUUID();
    const {json: stream} = await post(key, one('body'));
    const other = await post(key, one('another'), {base: at(1)});
    assert.equal(other.status, 422, other.text);
    assert.equal(other.json.code, 'idempotency_key_reused');
    const {status} = await post(key, undefined, {route: `/streams/${stream.id}/archive`});
    assert.equal(status, 422);
    const found = await curl(`${at(0)}/streams?url=${encodeURIComponent(one('another').url)}`);
    assert.equal(found.json.streams.length, 0, 'nothing was made');
    const made = await curl(`${at(0)}/api_keys`, {
        method: 'POST',
        body: {name: 'other', scopes: ['streams:write']},
    });
    assert.equal((await post(key, one('another'), {key: made.json.key})).status, 201);
});

test('many at the same time make one record; each is answered as the first or told to wait', async () => {
    const key = randomUUID();
    const body = {name: 'together', scopes: ['streams:read']};
    const answers = await Promise.all(
        Array.from({length: 20}, (_, n) => post(key, body, {route: '/api_keys', base: at(n)})),
    );
    for (const {status, text} of answers) assert.ok([201, 409].includes(status), text);
    assert.ok(answers.some(({status}) => status === 201));
    const last = await post(key, body, {route: '/api_keys'});
    assert.equal(last.status, 201);
    const {json} = await curl(`${at(0)}/api_keys?per_page=100`);
    assert.equal(json.api_keys.filter(({name}) => name === 'together').length, 1);
    for (const {status, json: made} of answers)
        if (status === 201) assert.equal(made.key, last.json.key);
});

test('what was refused made nothing: the key may be used for the right body', async () => {
    const key = randomUUID();
    assert.equal((await post(key, {url: 'javascript:alert(1)'})).status, 422);
    assert.equal((await post(key, one('right'))).status, 201);
});

test('what is no key is 400', async () => {
    for (const key of ['""', 'two words', 'x'.repeat(256), 'ä']) {
        const answer = await post(key, one('bad'));
        assert.equal(answer.status, 400, key);
        assert.equal(answer.json.code, 'invalid_idempotency_key');
    }
});

test('keys outlive a crash of everything', async () => {
    const keys = Array.from({length: 10}, () => randomUUID());
    const first = await Promise.all(keys.map((key, n) => post(key, one(`crash${n}`))));
    const unfinished = randomUUID();
    const lost = post(unfinished, one('lost')).catch(() => undefined);
    await system.kill();
    await lost;
    await system.run();
    for (const [n, key] of keys.entries()) {
        const again = await post(key, one(`crash${n}`), {base: at(n)});
        assert.deepEqual([again.status, again.text], [201, first[n].text]);
    }
    // Carried out or not, it is now, and once.
    const made = await post(unfinished, one('lost'));
    assert.ok([200, 201].includes(made.status), made.text);
    assert.equal((await post(unfinished, one('lost'))).text, made.text);
});
