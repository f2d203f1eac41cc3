// The public REST interface, as a page uses it that the session's cookie speaks for.

const base = '/api/v1';

// What the interface refused (RFC 9457). `errors` says which fields are at fault: {field, message}.
export class Problem extends Error {
    constructor(status, {detail, title, code, errors} = {}) {
        super(detail ?? title ?? `The server answered ${status}.`);
        this.status = status;
        this.code = code;
        this.errors = errors ?? [];
    }
}

async function problemOf(response) {
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return new Problem(response.status, isJson ? await response.json() : {});
}

export class Api {
    #csrf = '';

    // What the session needs to know of itself: the user. Throws a Problem 401 where there is none.
    async session() {
        const {body} = await this.#send('GET', '/session');
        this.#csrf = body.csrf_token;
        return body.user;
    }

    async logIn(email, password) {
        const {body} = await this.#send('POST', '/session', {body: {email, password}});
        this.#csrf = body.csrf_token;
        return body.user;
    }

    async logOut() {
        await this.#send('DELETE', '/session');
    }

    // `query` is a URLSearchParams. Returns {streams, meta}.
    async streams(query) {
        return (await this.#send('GET', `/streams?${query}`)).body;
    }

    async stream(id) {
        return (await this.#send('GET', `/streams/${id}`)).body;
    }

    // A known address gives the stream that has it.
    async create(fields) {
        const {body, status} = await this.#send('POST', '/streams', {body: fields});
        return {stream: body, isNew: status === 201};
    }

    // Problem 412 where the stream is not that `version` any more.
    async change(id, version, fields) {
        return (await this.#send('PATCH', `/streams/${id}`, {body: fields, version})).body;
    }

    async remove(id, version) {
        await this.#send('DELETE', `/streams/${id}`, {version});
    }

    // What these do does not depend on what else the stream says.
    async pin(id, pinned) {
        const method = pinned ? 'PUT' : 'DELETE';
        return (await this.#send(method, `/streams/${id}/pin`, {version: '*'})).body;
    }

    async archive(id, archived) {
        const action = archived ? 'archive' : 'unarchive';
        return (await this.#send('POST', `/streams/${id}/${action}`)).body;
    }

    async #send(method, path, options = {}) {
        try {
            return await this.#sendOnce(method, path, options);
        } catch (problem) {
            // Another page of this browser has logged in anew, and its cookie is ours now.
            if (problem.code !== 'csrf') throw problem;
            await this.session();
            return this.#sendOnce(method, path, options);
        }
    }

    async #sendOnce(method, path, {body, version}) {
        const headers = {Accept: 'application/json'};
        if (method !== 'GET') headers['X-CSRF-Token'] = this.#csrf;
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        if (version !== undefined) headers['If-Match'] = version === '*' ? '*' : `"${version}"`;
        let response;
        try {
            response = await fetch(base + path, {
                method,
                headers,
                body: body === undefined ? undefined : JSON.stringify(body),
                cache: 'no-cache', // asked for anew each time; an unchanged list costs a 304
            });
        } catch {
            throw new Problem(0, {detail: 'The server cannot be reached.'});
        }
        if (!response.ok) throw await problemOf(response);
        const {status} = response;
        return {status, body: status === 204 ? undefined : await response.json()};
    }
}
