// The interface and its description: whatever is sent, answers are what the document says of them.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {Description, isJson, wrongBodies, wrongIds} from './lib/description.mjs';
import {apiKey, Host} from './lib/host.mjs';
import {hs256, unsigned} from './lib/jwt.mjs';
import {Prism} from './lib/prism.mjs';
import {output, scratchFolder} from './lib/processes.mjs';

const jwtSecret = 'a secret that old clients share, 32+';
const host = await Host.start({after}, {env: {JWT_SECRET: jwtSecret}});
const api = new Api(host);
const folder = scratchFolder({after});

// Something with the id 1 of everything that a request of the test may ask for.
await api.create({url: 'https://twitch.tv/described', city: 'Seattle', state: 'WA'});
await api.expect(201, 'POST', '/streamers', {name: 'Described'});
const description = await Description.of(host.url);
const operations = description.operations();

async function send(base, {method, path: template}, {id, query = '', body, headers = {}, key} = {}) {
    const operation = description.document.paths[template][method];
    const examples = Object.fromEntries(
        (operation.parameters ?? [])
            .filter((parameter) => parameter.in === 'path')
            .map(({name, example}) => [name, example]),
    );
    const target = template.replace(/\{(\w+)\}/g, (_, name) => id ?? examples[name]);
    const response = await fetch(base + target + query, {
        method: method.toUpperCase(),
        headers: {
            ...(key === null ? {} : {Authorization: `Bearer ${apiKey}`}),
            ...(body === undefined ? {} : {'Content-Type': 'application/json'}),
            ...headers,
        },
        body: body === undefined || Buffer.isBuffer(body) ? body : String(body),
        signal: AbortSignal.timeout(20_000),
        redirect: 'manual',
    });
    const type = response.headers.get('content-type') ?? '';
    const goesOn = type.startsWith('text/event-stream');
    if (goesOn) await response.body.cancel();
    const text = goesOn ? '' : await response.text();
    return {
        status: response.status,
        headers: response.headers,
        type,
        text,
        json: isJson(type) && text ? JSON.parse(text) : undefined,
    };
}

const media = ({requestBody}) => requestBody?.content['application/json'];
const example = (operation) => {
    const content = media(operation);
    return content && JSON.stringify(content.example);
};

// Sends and judges; nothing that a client does may be our failure. All that is wrong is told at the
// end, by agreed().
let faults = [];
async function judged(operation, request, sent, expected = () => true) {
    const answer = await send(host.url, operation, request);
    const text = `${operation.method} ${operation.path} with ${sent}: ${answer.status} ${answer.text}`;
    const what = text.slice(0, 500);
    try {
        assert.ok(answer.status < 500, `${what} is our failure`);
        description.check(operation, answer, sent);
        assert.ok(expected(answer), `${what} is not as expected`);
    } catch ({message}) {
        faults.push(message.slice(0, 700));
    }
}

function agreed() {
    const found = faults;
    faults = [];
    assert.equal(found.length, 0, `${found.length} faults\n${found.slice(0, 40).join('\n')}`);
}

const refused = ({status}) => status >= 400;
// The field, or a part of it.
const refusedFor = (name) => ({status, json}) =>
    status === 422 &&
    json.errors?.some(({field}) => field.split(/[.[]/)[0] === name);
// Entries of a list are refused one by one, by a field of each.
const isRefusedEach = ({status, json}) =>
    status === 200 && json.created?.length === 0 && json.errors.every(({errors}) => errors[0].field);
// Whoever logs in learns no more than that something is wrong.
const isLogIn = ({operation}) => ['logIn', 'beginSession'].includes(operation.operationId);
function refusedAt(each, name) {
    if (isLogIn(each)) return answersAs(401, 422);
    const isList = each.operation.operationId === 'createIgnoreEntries' && name === 'entries';
    const isRefused = refusedFor(name);
    return (answer) => isRefused(answer) || (isList && isRefusedEach(answer));
}
const answersAs = (...statuses) => ({status}) => statuses.includes(status);
// What never ends can't be asked for in a version, nor pass a proxy that waits for the whole answer.
const isStream = ({operation}) => {
    const {content} = operation.responses[200] ?? {};
    return content && Object.keys(content).join() === 'text/event-stream';
};

test('the linter finds nothing wrong with the document, in either version', async () => {
    const rules = path.join(folder, 'rules.yaml');
    writeFileSync(rules, 'extends: ["spectral:oas"]\n');
    for (const version of ['3.0', '3.1']) {
        const file = path.join(folder, `openapi-${version}.json`);
        const answer = await fetch(`${host.url}/openapi.json?openapi=${version}`);
        writeFileSync(file, await answer.text());
        const spectral = ['node_modules/.bin/spectral', 'lint', '-r', rules, '-F', 'warn', file];
        await output(process.execPath, spectral).catch(({stdout, stderr}) =>
            assert.fail(stdout || stderr),
        );
    }
});

test('the document names every route, says who may call it, and shows an example of all it takes and gives', () => {
    assert.ok(operations.length > 30);
    const ids = operations.map(({operation}) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const {method, path: template, operation} of operations) {
        const what = `${method} ${template}`;
        assert.ok(operation.summary && operation.description, what);
        assert.ok(['open', 'viewer', 'editor', 'admin'].includes(operation['x-required-role']));
        const contents = [operation.requestBody, ...Object.values(operation.responses)];
        for (const content of contents.flatMap((each) => Object.entries(each?.content ?? {}))) {
            if (isJson(content[0])) assert.ok('example' in content[1], what);
        }
    }
});

test('what a stream of events takes and gives is described', () => {
    const [stream] = operations.filter(isStream);
    assert.equal(stream.path, '/cable/sse');
    const names = stream.operation.parameters.map(({name}) => name);
    for (const name of ['status', 'ids', 'token', 'Last-Event-ID']) assert.ok(names.includes(name), name);
    assert.deepEqual(stream.operation['x-required-scopes'], ['events:read']);
});

test('what is sent as the examples show is never called malformed', async () => {
    for (const each of operations) {
        if (each.method === 'delete') continue;
        await judged(each, {body: example(each.operation)}, 'its example', ({status}) =>
            ![400, 415, 422].includes(status),
        );
    }
    agreed();
});

test('without credentials only what is said to be open answers', async () => {
    for (const each of operations) {
        const request = {body: example(each.operation), key: null};
        const isOpen = each.operation['x-required-role'] === 'open';
        await judged(each, request, 'no key', ({status}) => isOpen || status === 401);
    }
    agreed();
});

// What all lists hold, but for that of who did what.
async function everyRecord() {
    const held = {};
    for (const each of operations) {
        const isList = each.operation.parameters?.some(({name}) => name === 'page');
        if (each.method !== 'get' || !isList || /\{|audit/.test(each.path)) continue;
        held[each.path] = (await send(host.url, each, {query: '?per_page=100'})).json;
    }
    return held;
}

test('wrong fields are refused one by one, and nothing of them is done', async () => {
    const before = await everyRecord();
    assert.ok(Object.keys(before).length > 6);
    for (const each of operations) {
        const body = media(each.operation);
        if (!body) continue;
        const schema = description.resolved(body.schema);
        for (const [name, value] of description.wrongBodies(schema, body.example)) {
            const wrong = JSON.stringify(value);
            await judged(each, {body: wrong}, `${name}: ${wrong.slice(0, 200)}`, refusedAt(each, name));
        }
        for (const name of schema.required ?? []) {
            const {[name]: _, ...rest} = body.example;
            await judged(each, {body: JSON.stringify(rest)}, `no ${name}`, refusedAt(each, name));
        }
    }
    agreed();
    assert.deepEqual(await everyRecord(), before);
});

test('bodies, types, ids and queries that nobody takes are refused everywhere', async () => {
    for (const each of operations) {
        const body = example(each.operation);
        if (body) {
            for (const wrong of wrongBodies) {
                if (wrong === '' && !each.operation.requestBody.required) continue;
                await judged(each, {body: wrong}, wrong, answersAs(400, 422));
            }
            const headers = {'Content-Type': 'text/plain'};
            await judged(each, {body, headers}, 'text', ({status}) => status === 415);
        }
        if (/\{id\}/.test(each.path)) {
            for (const id of wrongIds) {
                await judged(each, {id, body}, `id ${id}`, answersAs(400, 404));
            }
        }
        if (each.method === 'get') {
            for (const query of ['?page=0', '?page=-1', '?page=1e3', '?per_page=x', '?%zz', '?a=%00']) {
                const isList = each.operation.parameters.some(({name}) => name === 'page');
                await judged(each, {body, query}, query, (answer) => !isList || refused(answer));
            }
        }
        if (isStream(each)) continue;
        const far = '?page=1000000000000';
        if (each.method === 'get') await judged(each, {query: far}, far);
        const headers = {Accept: 'application/vnd.streamwall.v2+json'};
        await judged(each, {body, headers}, 'version 2', ({status}) => status === 406);
    }
    agreed();
});

test('bodies of ten megabytes are refused, and the host goes on', async () => {
    const body = JSON.stringify({a: 'x'.repeat(10 << 20)});
    for (const each of operations) {
        if (media(each.operation)) await judged(each, {body}, '10 MiB', answersAs(413, 422));
    }
    agreed();
});

test('tokens that are unsigned, foreign, over or given back open nothing', async () => {
    const credentials = {email: 'replayed@example.org', password: 'Password123'};
    const {user} = await api.expect(201, 'POST', '/users/signup', credentials);
    await api.expect(200, 'PATCH', `/users/${user.id}`, {role: 'admin'});
    const {token: replayed} = await api.expect(200, 'POST', '/users/login', credentials);
    const out = await api.request('DELETE', '/users/logout', undefined, {
        Authorization: `Bearer ${replayed}`,
    });
    assert.equal(out.status, 204);
    const now = Math.floor(Date.now() / 1000);
    const claims = {sub: String(user.id), iat: now - 10, exp: now + 600};
    const right = {Authorization: `Bearer ${hs256(claims, jwtSecret)}`};
    assert.equal((await api.request('GET', '/users', undefined, right)).status, 200);
    const wrong = {
        replayed,
        'unsigned': unsigned(claims),
        'foreign': hs256(claims, 'another secret of thirty-two bytes'),
        'expired': hs256({...claims, exp: now - 1}, jwtSecret),
    };
    for (const each of operations) {
        if (each.operation['x-required-role'] === 'open') continue;
        for (const [name, key] of Object.entries(wrong)) {
            const headers = {Authorization: `Bearer ${key}`};
            const request = {body: example(each.operation), headers, key: null};
            await judged(each, request, `a token ${name}`, answersAs(401));
        }
    }
    agreed();
});

test('other methods are refused with those that there are', async () => {
    for (const [template, methods] of Object.entries(description.document.paths)) {
        for (const method of ['put', 'delete', 'patch', 'post']) {
            if (methods[method]) continue;
            const target = template.replace(/\{\w+\}/g, '1');
            const answer = await fetch(host.url + target, {method: method.toUpperCase()});
            if (answer.status === 401) continue;  // an old name that is not in the document
            assert.equal(answer.status, 405, `${method} ${template}`);
            const allowed = answer.headers.get('allow');
            for (const known of Object.keys(methods)) assert.match(allowed, new RegExp(known, 'i'));
        }
    }
});

test('a validating proxy that is not ours lets everything pass that the document shows', async (t) => {
    const prism = await Prism.start(t, host, {errors: true});
    for (const each of operations) {
        if (each.method === 'delete' || isStream(each)) continue;
        const answer = await send(prism.url, each, {body: example(each.operation)});
        assert.doesNotMatch(answer.text, /stoplight\.io\/prism/, `${each.method} ${each.path}`);
    }
});

test('the page for people lists every route and loads nothing from elsewhere', async () => {
    const answer = await fetch(`${host.url}/api-docs`);
    const policy = answer.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    const page = await answer.text();
    for (const {path: template} of operations) assert.ok(page.includes(template), template);
    assert.doesNotMatch(page, /<script|style=|https?:\/\/(?!twitch\.tv)/);
});
