// Work that goes on while something breaks, and the account of it afterwards: what was acknowledged,
// what was refused and how, how long everything took.
import assert from 'node:assert/strict';
import {Api} from '../e2e/lib/api.mjs';
import {momentBetween, seconds, until} from '../e2e/lib/wait.mjs';

const writers = 6;

export class Traffic {
    // `hosts`: everything with an HTTP address; writes go to all of them in turn.
    constructor(hosts, poster) {
        this.apis = hosts.map((host) => new Api(host));
        this.poster = poster;
        this.noted = new Map(); // url → {id, version} as last acknowledged
        this.posted = []; // links that chat took while somebody listened
        this.refused = 0; // 503, as it should be
        this.unanswered = 0; // no answer: the process or the connection was gone
        this.wrong = []; // answers that no fault excuses
        this.reads = {made: 0, failed: 0, slowest: 0};
        this.probes = {made: 0, slowest: 0};
        this.next = 0;
        this.listening = () => true;
    }

    start() {
        this.stopping = false;
        this.work = [
            ...Array.from({length: writers}, (_, n) => this.#write(this.apis[n % this.apis.length], n)),
            ...this.apis.map((api) => this.#read(api)),
            ...this.apis.map((api) => this.#probe(api)),
            this.#post(),
        ];
    }

    async stop() {
        this.stopping = true;
        await Promise.all(this.work);
    }

    // Returns the ms from now until a new write is acknowledged by every host.
    async untilWritable(limit = seconds(30)) {
        const begun = performance.now();
        for (const api of this.apis) {
            await until('a write after the fault', async () => {
                const url = `https://twitch.tv/after_${this.next++}`;
                const answer = await api.request('POST', '/streams', {url});
                if (answer.status === 201) this.noted.set(url, answer.body);
                return answer.status === 201;
            }, limit);
        }
        return performance.now() - begun;
    }

    // Returns the ms from now until a link posted from now on is in the list.
    async untilHeard(limit = seconds(30)) {
        const begun = performance.now();
        await until('a link from chat after the fault', async () => {
            const url = `https://twitch.tv/heard_${this.next++}`;
            this.#say(url);
            const listed = () => this.apis[0].withUrl(url);
            return until('this one', async () => (await listed()).length === 1, 250);
        }, limit);
        return performance.now() - begun;
    }

    // Everything acknowledged and everything heard is there, once, as it was or newer.
    async account() {
        const there = new Map();
        const doubled = [];
        for (const stream of await this.apis[0].all()) {
            if (there.has(stream.url)) doubled.push(stream.url);
            there.set(stream.url, stream);
        }
        const lost = [...this.noted].filter(([url, noted]) => {
            const now = there.get(url);
            return !now || now.id !== noted.id || now.version < noted.version;
        });
        return {
            acknowledged: this.noted.size,
            heard: this.posted.length,
            lost: lost.length + this.posted.filter((url) => !there.has(url)).length,
            doubled: doubled.length,
            refused: this.refused,
            unanswered: this.unanswered,
            wrong: this.wrong,
        };
    }

    async #ask(api, method, path, body) {
        try {
            const answer = await api.request(method, path, body);
            if (answer.status === 503) {
                this.refused += 1;
                if (!answer.headers.get('retry-after')) this.wrong.push(`503 without Retry-After: ${path}`);
            } else if (answer.status >= 500) {
                this.wrong.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
            }
            return answer;
        } catch {
            this.unanswered += 1;
            return undefined;
        }
    }

    async #write(api) {
        while (!this.stopping) {
            const url = `https://kick.com/w${this.next++}`;
            const made = await this.#ask(api, 'POST', '/streams', {url});
            if (made?.status !== 201) {
                await momentBetween(20, 60);
                continue;
            }
            this.noted.set(url, made.body);
            for (let n = 0; n < 2 && !this.stopping; n += 1) {
                const path = `/streams/${made.body.id}`;
                const changed = await this.#ask(api, 'PATCH', path, {title: String(n)});
                if (changed?.status === 200) this.noted.set(url, changed.body);
            }
        }
    }

    async #read(api) {
        while (!this.stopping) {
            const known = this.noted.values().next().value;
            if (known) {
                const begun = performance.now();
                const answer = await this.#ask(api, 'GET', `/streams/${known.id}`);
                this.reads.made += 1;
                if (answer?.status !== 200) this.reads.failed += 1;
                else this.reads.slowest = Math.max(this.reads.slowest, performance.now() - begun);
            }
            await momentBetween(10, 30);
        }
    }

    async #probe(api) {
        while (!this.stopping) {
            const begun = performance.now();
            try {
                await fetch(`${api.host.url}/health/live`, {signal: AbortSignal.timeout(seconds(5))});
                this.probes.made += 1;
                this.probes.slowest = Math.max(this.probes.slowest, performance.now() - begun);
            } catch {
                this.unanswered += 1;
            }
            await momentBetween(90, 110);
        }
    }

    // One sender may post ten links a minute: each link has a sender of its own.
    #say(url) {
        this.poster.send(`NICK ${url.split('/').pop()}`);
        this.poster.post(`live now ${url}`);
    }

    async #post() {
        while (!this.stopping) {
            if (this.listening()) {
                const url = `https://twitch.tv/chat_${this.next++}`;
                this.#say(url);
                this.posted.push(url);
            }
            await momentBetween(100, 200);
        }
    }
}

export function assertNothingLost(account) {
    const {lost, doubled, wrong} = account;
    assert.deepEqual({lost, doubled, wrong}, {lost: 0, doubled: 0, wrong: []});
    assert.ok(account.acknowledged > 20, `only ${account.acknowledged} writes: nothing was tested`);
}
