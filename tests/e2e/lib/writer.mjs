// A writer that notes what was acknowledged, and afterwards holds the host to it.
import assert from 'node:assert/strict';
import {Api} from './api.mjs';

export class Writer {
    // `refusals`: statuses that end a client without failing the test, for hosts whose disk goes away.
    constructor(prefix = 'w', refusals = []) {
        this.prefix = prefix;
        this.refusals = refusals;
        this.records = new Map(); // url → {id, version, title} as last acknowledged, or null if never
        this.acknowledged = 0;
        this.next = 0;
    }

    // Writes with `clients` requests in flight until `stop()` or until the host is gone. Each client
    // creates a stream and changes its title a few times, then goes on to the next.
    start(host, clients = 8) {
        const api = new Api(host);
        this.stopping = false;
        this.noting = true;
        this.work = Promise.all(Array.from({length: clients}, () => this.#client(api)));
    }

    // From now on answers count as lost on their way. A simulated power cut needs it: the dying file
    // system may let a sync that is under way succeed, and unlike a real one the host can still say so.
    stopNoting() {
        this.noting = false;
    }

    // Settles when no request is in flight any more.
    async stop() {
        this.stopping = true;
        await this.work;
    }

    async #client(api) {
        while (!this.stopping) {
            const url = `https://twitch.tv/${this.prefix}_${this.next++}`;
            this.records.set(url, null);
            if (!(await this.#write(api, 'POST', '/streams', url, {url, title: '0'}))) return;
            const {id} = this.records.get(url);
            for (let n = 1; n <= 3 && !this.stopping; n += 1) {
                const title = String(n);
                if (!(await this.#write(api, 'PATCH', `/streams/${id}`, url, {title}))) return;
            }
        }
    }

    // False where no answer came: the host is gone, and the write may or may not have happened.
    async #write(api, method, path, url, body) {
        let answer;
        try {
            answer = await api.request(method, path, body);
        } catch {
            return false;
        }
        if (!this.noting || this.refusals.includes(answer.status)) return false;
        assert.ok([200, 201].includes(answer.status), `${method} ${path}: ${answer.status}`);
        const {id, version, title} = answer.body;
        this.records.set(url, {id, version, title});
        this.acknowledged += 1;
        return true;
    }

    // Everything acknowledged is there, once, in its acknowledged state or a later one.
    async verify(host) {
        const there = new Map();
        for (const stream of await new Api(host).all()) {
            assert.ok(!there.has(stream.url), `${stream.url} is there twice`);
            there.set(stream.url, stream);
        }
        for (const [url, noted] of this.records) {
            if (!noted) continue;
            const stream = there.get(url);
            assert.ok(stream, `${url} was acknowledged and is lost`);
            assert.equal(stream.id, noted.id, `${url} has another id`);
            assert.ok(
                stream.version >= noted.version,
                `${url}: version ${noted.version} was acknowledged, ${stream.version} is there`,
            );
            if (stream.version === noted.version) assert.equal(stream.title, noted.title);
        }
        return there;
    }
}
