// What every kind of record promises over REST, for the stories of the single kinds.
import assert from 'node:assert/strict';
import {curl} from './curl.mjs';

const password = 'Password123';

export class Records {
    // `path` as "/streamers".
    constructor(host, path) {
        this.host = host;
        this.base = `${host.url}/api/v1${path}`;
    }

    url(rest = '') {
        return this.base + rest;
    }

    send(method, rest = '', body = undefined, options = {}) {
        return curl(this.url(rest), {method, body, ...options});
    }

    async expect(status, method, rest = '', body = undefined, options = {}) {
        const answer = await this.send(method, rest, body, options);
        assert.equal(answer.status, status, `${method} ${rest} ${answer.text}`);
        return answer;
    }

    async made(body) {
        return (await this.expect(201, 'POST', '', body)).json;
    }

    async listed(query = '') {
        return (await this.expect(200, 'GET', query)).json;
    }

    // A log-in token of a new user of that role.
    async token(role) {
        Records.people = (Records.people ?? 0) + 1;
        const api = `${this.host.url}/api/v1`;
        const email = `${role}${Records.people}@example.org`;
        const made = await curl(`${api}/users`, {method: 'POST', body: {email, password, role}});
        assert.equal(made.status, 201, made.text);
        const login = await curl(`${api}/users/login`, {
            method: 'POST',
            body: {email, password},
            key: null,
        });
        return login.json.token;
    }

    // A service key with these scopes.
    async key(...scopes) {
        const made = await curl(`${this.host.url}/api/v1/api_keys`, {
            method: 'POST',
            body: {name: 'e2e', scopes},
        });
        assert.equal(made.status, 201, made.text);
        return made.json.key;
    }

    // `attempts`: [method, rest, body or a function that makes one, {who: status}].
    async expectRights(credentials, attempts) {
        for (const [method, rest, body, expected] of attempts) {
            for (const [who, status] of Object.entries(expected)) {
                const given = typeof body === 'function' ? body(who) : body;
                const answer = await this.send(method, rest, given, {key: credentials[who]});
                assert.equal(answer.status, status, `${method} ${rest} as ${who}: ${answer.text}`);
            }
        }
    }

    // `cases`: [body, field]: the answer is 422 and names the field. Nothing is made.
    async expectRefusals(cases) {
        const before = (await this.listed('?per_page=1')).meta.total_count;
        for (const [body, field] of cases) {
            const answer = await this.expect(422, 'POST', '', body);
            const fields = answer.json.errors.map((error) => error.field);
            assert.ok(fields.includes(field), `${JSON.stringify(body).slice(0, 200)}: ${fields}`);
            assert.match(answer.headers['content-type'], /^application\/problem\+json/);
        }
        assert.equal((await this.listed('?per_page=1')).meta.total_count, before);
    }

    // Bodies, ids and queries that are none.
    async expectStrictness(good) {
        const json = JSON.stringify(good);
        const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
        for (const body of ['', '[]', '5', '{', `${json}}`, '{"a":1,"a":2}', deep, '{"a":"\\u0000"}']) {
            await this.expect(400, 'POST', '', body);
        }
        await this.expect(415, 'POST', '', json, {headers: {'Content-Type': 'text/plain'}});
        await this.expect(422, 'POST', '?strict=1', {...good, colour: 'red'});
        for (const id of ['0', '-1', 'abc', '1.5', '9007199254740993', '987654321']) {
            await this.expect(404, 'GET', `/${id}`);
            await this.expect(404, 'DELETE', `/${id}`);
            await this.expect(404, 'PATCH', `/${id}`, good);
        }
        for (const query of [
            'page=0', 'page=-1', 'page=abc', 'per_page=0', 'per_page=-5', 'per_page=x', 'sort=colour',
            'direction=up', 'colour=red', 'cursor=x', 'page=1&page=2', 'search=%zz',
        ]) {
            await this.expect(400, 'GET', `?${query}`);
        }
        const {meta} = await this.listed('?page=1000000000&per_page=200');
        assert.equal(meta.per_page, 100);
    }

    // Entity tags: 304, 412, and one winner of two that change the same version.
    async expectVersions(id, one, other, {counts = false} = {}) {
        const {headers} = await this.expect(200, 'GET', `/${id}`);
        const known = {headers: {'If-None-Match': headers.etag}};
        await this.expect(counts ? 200 : 304, 'GET', `/${id}`, undefined, known);
        const guarded = {headers: {'If-Match': headers.etag}};
        const answers = await Promise.all([
            this.send('PATCH', `/${id}`, one, guarded),
            this.send('PATCH', `/${id}`, other, guarded),
        ]);
        const statuses = answers.map((answer) => answer.status).sort();
        assert.deepEqual(statuses, [200, 412], answers.map(({text}) => text).join());
        await this.expect(412, 'DELETE', `/${id}`, undefined, guarded);
    }
}
