// Work that goes on while something breaks, and the account of it afterwards: what was acknowledged,
// what was refused and how, how long everything took.
import assert from 'node:assert/strict';
import {Api} from '../e2e/lib/api.mjs';
import {momentBetween, seconds, until} from '../e2e/lib/wait.mjs';

const writers = 6;

// What one address answered.
class Tally {
    reads = 0;
    readsFailed = 0;
    slowestRead = 0;
    slowestProbe = 0;
    refused = 0; // 503, as it should be
    unanswered = 0; // the process or the connection was gone
}

export class Traffic {
    // `hosts`: everything with an HTTP address; writes go to all of them in turn.
    constructor(hosts, poster) {
        this.apis = hosts.map((host) => new Api(host));
        this.tallies = new Map(this.apis.map((api) => [api, new Tally()]));
        this.poster = poster;
        this.noted = new Map(); // url → {id, version} as last acknowledged
        this.posted = []; // {url, at}: said in chat while somebody listened
        this.wrong = []; // answers that no fault excuses
        this.next = 0;
        this.isHeard = true;
    }

    start() {
        this.stopping = false;
        this.work = [
            ...Array.from({length: writers}, (_, n) => this.#write(this.apis[n % this.apis.length])),
            ...this.apis.map((api) => this.#read(api)),
            ...this.apis.map((api) => this.#probe(api)),
            this.#post(),
        ];
    }

    async stop() {
        this.stopping = true;
        await Promise.all(this.work);
    }

    // From now on nobody is in the channel, and what was said just before may not have been read.
    deafen(moment = seconds(0.5)) {
        this.isHeard = false;
        const since = performance.now() - moment;
        this.posted = this.posted.filter(({at}) => at < since);
    }

    async write(api, url) {
        const answer = await api.request('POST', '/streams', {url});
        if (answer.status === 201) this.noted.set(url, answer.body);
        return answer.status === 201;
    }

    // Ends once a new write is acknowledged by every host.
    untilWritable(limit = seconds(60)) {
        const attempt = (api) => this.write(api, `https://twitch.tv/after_${this.next++}`);
        const once = (api) => until(`a write at ${api.host.name}`, () => attempt(api), limit);
        return Promise.all(this.apis.map(once));
    }

    // Ends once a link that was said from now on is in the list.
    async untilHeard(limit = seconds(60)) {
        const said = [];
        await until('a link from chat after the fault', async () => {
            said.push(`https://twitch.tv/heard_${this.next++}`);
            this.#say(said.at(-1));
            await momentBetween(50, 50);
            const path = '/streams?sort=created_at&direction=desc&per_page=100&search=heard_';
            const {streams} = await this.apis[0].expect(200, 'GET', path);
            return streams.some(({url}) => said.includes(url));
        }, limit);
    }

    // Everything acknowledged and everything heard is there, once, as it was or newer.
    async account() {
        const there = new Map();
        const doubled = [];
        for (const stream of await this.apis[0].all()) {
            if (there.has(stream.url)) doubled.push(stream.url);
            there.set(stream.url, stream);
        }
        const isOlder = (now, noted) => now.id !== noted.id || now.version < noted.version;
        const unwritten = [...this.noted].filter(
            ([url, noted]) => !there.has(url) || isOlder(there.get(url), noted),
        );
        const unheard = this.posted.filter(({url}) => !there.has(url));
        return {
            lost: [...unwritten, ...unheard].map((entry) => entry.url ?? entry[0]),
            doubled,
            streams: [...there.values()],
        };
    }

    sum(what) {
        return [...this.tallies.values()].reduce((sum, tally) => sum + tally[what], 0);
    }

    slowest(what) {
        return Math.max(...[...this.tallies.values()].map((tally) => tally[what]));
    }

    async #ask(api, method, path, body) {
        const tally = this.tallies.get(api);
        try {
            const answer = await api.request(method, path, body);
            if (answer.status === 503) {
                tally.refused += 1;
                if (!answer.headers.get('retry-after')) this.wrong.push(`503 without Retry-After: ${path}`);
            } else if (answer.status >= 500) {
                this.wrong.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
            }
            return answer;
        } catch {
            tally.unanswered += 1;
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
        const tally = this.tallies.get(api);
        while (!this.stopping) {
            const known = this.noted.values().next().value;
            if (known) {
                const begun = performance.now();
                const answer = await this.#ask(api, 'GET', `/streams/${known.id}`);
                tally.reads += 1;
                if (answer?.status !== 200) tally.readsFailed += 1;
                else tally.slowestRead = Math.max(tally.slowestRead, performance.now() - begun);
            }
            await momentBetween(10, 30);
        }
    }

    async #probe(api) {
        const tally = this.tallies.get(api);
        while (!this.stopping) {
            const begun = performance.now();
            try {
                await fetch(`${api.host.url}/health/live`, {signal: AbortSignal.timeout(seconds(5))});
                tally.slowestProbe = Math.max(tally.slowestProbe, performance.now() - begun);
            } catch {
                tally.unanswered += 1;
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
            if (this.isHeard) {
                const url = `https://twitch.tv/chat_${this.next++}`;
                this.#say(url);
                this.posted.push({url, at: performance.now()});
            }
            await momentBetween(100, 200);
        }
    }
}

export function assertNothingLost(traffic, {lost, doubled}) {
    assert.deepEqual({lost, doubled, wrong: traffic.wrong}, {lost: [], doubled: [], wrong: []});
    const {size} = traffic.noted;
    assert.ok(size > 20, `only ${size} writes: nothing was tested`);
}
