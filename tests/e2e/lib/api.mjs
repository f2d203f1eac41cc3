// The REST interface as a program uses it; the tests of REST itself speak through curl instead.
import assert from 'node:assert/strict';
import {apiKey} from './host.mjs';
import {routed} from './proxied.mjs';
import {seconds} from './wait.mjs';

// fetch() with the whole answer: {status, headers, text}.
export async function fetched(url, options) {
    const route = routed(url, options);
    const signal = AbortSignal.timeout(seconds(10));
    const response = await fetch(route.url, {signal, ...options});
    const {status, headers} = response;
    const text = await response.text();
    route.check(text, headers.get('sl-violations'));
    return {status, headers, text};
}

export class Api {
    constructor(host) {
        this.host = host;
    }

    // Returns {status, headers, body}, the body parsed where there is one.
    async request(method, path, body, headers = {}) {
        const {text, ...answer} = await fetched(`${this.host.url}/api/v1${path}`, {
            method,
            headers: {
                Authorization: `Bearer ${apiKey}`,
                ...(body === undefined ? {} : {'Content-Type': 'application/json'}),
                ...headers,
            },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        return {...answer, body: text ? JSON.parse(text) : undefined};
    }

    async expect(status, method, path, body) {
        const answer = await this.request(method, path, body);
        assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
        return answer.body;
    }

    create(stream) {
        return this.expect(201, 'POST', '/streams', stream);
    }

    get(id) {
        return this.expect(200, 'GET', `/streams/${id}`);
    }

    async withUrl(url) {
        return (await this.expect(200, 'GET', `/streams?url=${encodeURIComponent(url)}`)).streams;
    }

    // Every stream, archived ones too, page by page.
    async all() {
        const streams = [];
        for (let page = 1; ; page += 1) {
            const path = `/streams?per_page=100&page=${page}&archived=true,false&sort=created_at&direction=asc`;
            const {streams: part, meta} = await this.expect(200, 'GET', path);
            streams.push(...part);
            if (page >= meta.total_pages) return streams;
        }
    }
}
