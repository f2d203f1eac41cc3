// One system, run in each way that configuration allows: stories are told to what all of them share.
import path from 'node:path';
import {cleanUp} from './cleanup.mjs';
import {Host, apiKey, binary} from './host.mjs';
import {output, scratchFolder} from './processes.mjs';
import {NatsServer, PostgresServer, Proxy, RedisServer} from './servers.mjs';
import {seconds, until} from './wait.mjs';

export const topologies = ['monolith', 'isolated', 'split'];

// Started by a story that runs once for each way: `E2E_TOPOLOGY` says which.
export const chosenTopology = process.env.E2E_TOPOLOGY ?? 'monolith';

export async function startTopology(t, name, options = {}) {
    if (name === 'split') return Split.start(t, options);
    return Single.start(t, {...options, config: `config/${name}.yaml`});
}

// The journal that a node reads and writes, in order, as envelopes.
async function journalOf(dataDir, pattern) {
    const events = [];
    for (let after = 0; ; ) {
        const request = JSON.stringify({after, limit: 1000, types: [pattern]});
        const answer = JSON.parse(
            await output(binary, ['call', 'journal', 'read', request, '--data', dataDir]),
        );
        events.push(...answer.events);
        if (answer.through >= answer.last) return events;
        after = answer.through;
    }
}

// One host, its isolated children included.
class Single extends Host {
    static async start(t, options) {
        const host = new Single({...options, dataDir: options.dataDir ?? scratchFolder(t)});
        cleanUp(t, () => host.kill());
        await host.ready();
        return host;
    }

    events(pattern) {
        return journalOf(this.dataDir, pattern);
    }
}

const listeners = ['api-1', 'api-2'];
const nodes = ['core', 'ingest', ...listeners];

// Four nodes of config/split.yaml with real servers between them. What it shares with a host is that
// of api-1.
class Split {
    static async start(t, {irc, channels, env = {}} = {}) {
        const split = new Split();
        split.folder = scratchFolder(t);
        split.servers = {
            nats: await NatsServer.start(t),
            postgres: await PostgresServer.start(t),
            redis: await RedisServer.start(t),
        };
        split.proxy = await Proxy.start(t, split.servers.nats.port);
        split.options = {irc, channels, env};
        split.hosts = {};
        for (const node of nodes) {
            split.#run(node);
            cleanUp(t, () => split.hosts[node].kill());
        }
        for (const node of nodes) await split.#ready(node);
        await split.whole();
        return split;
    }

    #run(node) {
        const {nats, postgres, redis} = this.servers;
        const {irc, channels, env} = this.options;
        this.hosts[node] = new Host({
            config: 'config/split.yaml',
            node,
            dataDir: this.folder,
            irc,
            channels,
            env: {
                NATS_URL: node === 'ingest' ? `nats://127.0.0.1:${this.proxy.port}` : nats.url,
                DATABASE_URL: postgres.url,
                REDIS_URL: redis.url,
                ...env,
            },
        });
    }

    #ready(node) {
        const host = this.hosts[node];
        if (listeners.includes(node)) return host.ready();
        return host.child.line('the line host.ready', (line) => line.includes('"host.ready"'));
    }

    // Until both listeners reach the records.
    async whole() {
        for (const node of listeners) {
            await until(`${node} to reach the catalog`, async () => {
                const headers = {Authorization: `Bearer ${apiKey}`};
                const answer = await fetch(`${this.hosts[node].url}/api/v1/streams?per_page=1`, {headers});
                return answer.status === 200;
            }, seconds(20));
        }
    }

    get url() {
        return this.hosts['api-1'].url;
    }

    get address() {
        return this.hosts['api-1'].address;
    }

    get cable() {
        return this.hosts['api-1'].cable;
    }

    get names() {
        return [...Object.keys(this.servers), ...nodes];
    }

    // Those that clients talk to; their addresses follow a restart.
    listeners() {
        const {hosts} = this;
        return listeners.map((name) => ({
            name,
            get url() {
                return hosts[name].url;
            },
        }));
    }

    async kill(name) {
        await (this.servers[name] ?? this.hosts[name]).kill();
    }

    async restart(name) {
        if (this.servers[name]) return this.servers[name].run();
        this.#run(name);
        return this.#ready(name);
    }

    signal(name, signal) {
        (this.servers[name] ?? this.hosts[name]).child.process.kill(signal);
    }

    // Nothing passes between ingest and the others until they are joined again.
    cut() {
        this.proxy.cut();
    }

    join() {
        this.proxy.join();
    }

    events(pattern) {
        return journalOf(path.join(this.folder, 'core'), pattern);
    }

    // Those that use others first.
    async stop() {
        for (const node of [...nodes].reverse()) await this.hosts[node].stop();
    }
}
