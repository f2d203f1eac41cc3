// One system, run in each way that configuration allows: stories are told to what all of them share.
//
//   url, cable, address    where clients find it; listeners() where there are several such places
//   lines                  what its processes have logged since they were started
//   stop(), kill(), run()  the whole of it: drained, crashed, started again on the same data
//   health()               /health of the system: the worst of its nodes
//   events(pattern)        the journal that the records have, as envelopes in order
//   damage()               what the checker of its database, stopped or not, complains of
//   command(...words)      the command line as an operator uses it: {code, stdout, stderr}
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {cleanUp} from './cleanup.mjs';
import {Host, apiKey, binary} from './host.mjs';
import {output, scratchFolder} from './processes.mjs';
import {NatsServer, PostgresServer, Proxy, RedisServer} from './servers.mjs';
import {databaseIn, integrity} from './sqlite.mjs';
import {seconds, until} from './wait.mjs';

export const topologies = ['monolith', 'isolated', 'split'];

// Started by a story that runs once for each way: `E2E_TOPOLOGY` says which.
export const chosenTopology = process.env.E2E_TOPOLOGY ?? 'monolith';

export async function startTopology(t, name, options = {}) {
    if (name === 'split') return Split.start(t, options);
    return Single.start(t, {config: `config/${name}.yaml`, ...options});
}

// The command line of who may read the data folder of a node.
async function command(dataDir, words) {
    try {
        return {code: 0, stdout: await output(binary, [...words, '--data', dataDir]), stderr: ''};
    } catch ({code, stdout, stderr}) {
        return {code, stdout, stderr};
    }
}

// The journal that a node reads and writes.
async function journalOf(dataDir, pattern) {
    const events = [];
    for (let after = 0; ; ) {
        const request = JSON.stringify({after, limit: 1000, types: [pattern]});
        const words = ['call', 'journal', 'read', request, '--data', dataDir];
        const answer = JSON.parse(await output(binary, words));
        events.push(...answer.events);
        if (answer.through >= answer.last) return events;
        after = answer.through;
    }
}

// Once all that a host starts is started, and operators are heard. Its isolated children say the
// same of themselves, under their names.
function hostReady({child}) {
    const own = (line) => line.includes('"host.ready"') && !line.includes('"process"');
    return child.line('the line host.ready', own);
}

// One host, its isolated children included.
class Single extends Host {
    static async start(t, options) {
        const host = new Single({...options, dataDir: scratchFolder(t)});
        cleanUp(t, () => host.kill());
        await host.ready();
        return host;
    }

    async run() {
        this.spawn();
        await this.ready();
    }

    async ready() {
        await super.ready();
        await hostReady(this);
    }

    listeners() {
        return [this];
    }

    command(...words) {
        return command(this.dataDir, words);
    }

    get lines() {
        return this.child.lines;
    }

    async health() {
        return (await (await fetch(`${this.url}/health`)).json()).status;
    }

    events(pattern) {
        return journalOf(this.dataDir, pattern);
    }

    async damage() {
        const found = await integrity(databaseIn(this.dataDir));
        return found === 'ok' ? '' : found;
    }
}

const listeners = ['api-1', 'api-2'];
const nodes = ['core', 'ingest', ...listeners];

// Four nodes of config/split.yaml with real servers between them. What it shares with a host is that
// of api-1.
class Split {
    // `cuttable` is the node that cut() parts from the others.
    static async start(
        t,
        {irc, channels, config = 'config/split.yaml', env = {}, cuttable = 'ingest'} = {},
    ) {
        const split = new Split();
        split.dataDir = scratchFolder(t);
        const [nats, postgres, redis] = await Promise.all([
            NatsServer.start(t),
            PostgresServer.start(t),
            RedisServer.start(t),
        ]);
        split.servers = {nats, postgres, redis};
        split.proxy = await Proxy.start(t, nats.port);
        split.options = {irc, channels, config, env, cuttable};
        split.hosts = {};
        cleanUp(t, () => split.kill());
        await split.run();
        return split;
    }

    async run() {
        for (const node of nodes) this.#spawn(node);
        for (const node of nodes) await this.#ready(node);
        await this.whole();
    }

    #spawn(node) {
        const {nats, postgres, redis} = this.servers;
        const {irc, channels, config, env, cuttable} = this.options;
        this.hosts[node] = new Host({
            config,
            node,
            dataDir: this.dataDir,
            irc,
            channels,
            env: {
                NATS_URL: node === cuttable ? `nats://127.0.0.1:${this.proxy.port}` : nats.url,
                DATABASE_URL: postgres.url,
                REDIS_URL: redis.url,
                ...env,
            },
        });
    }

    #ready(node) {
        const host = this.hosts[node];
        return listeners.includes(node) ? host.ready() : hostReady(host);
    }

    // The key that clients have: ours, or the one that the first listener made.
    get #key() {
        const given = {STREAMWALL_API_KEY: apiKey, ...this.options.env}.STREAMWALL_API_KEY;
        return given || readFileSync(path.join(this.dataDir, 'api-key'), 'utf8').trim();
    }

    // What a listener answers to a GET by its key.
    #get(node, rest) {
        const headers = {Authorization: `Bearer ${this.#key}`};
        return fetch(`${this.hosts[node].url}/api/v1${rest}`, {headers});
    }

    // Until both listeners reach the records and know of each other node.
    async whole() {
        for (const node of listeners) {
            await until(
                `${node} to reach the others`,
                async () => {
                    const records = await this.#get(node, '/streams?per_page=1');
                    const known = (await (await this.#get(node, '/nodes')).json()).nodes;
                    return records.status === 200 && known.length === nodes.length;
                },
                seconds(20),
            );
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
            get address() {
                return hosts[name].address;
            },
            get url() {
                return hosts[name].url;
            },
            get cable() {
                return hosts[name].cable;
            },
        }));
    }

    get lines() {
        return Object.values(this.hosts).flatMap(({child}) => child.lines);
    }

    command(...words) {
        return this.commandOf('core', ...words);
    }

    // The command line on the machine of that node.
    commandOf(node, ...words) {
        return command(path.join(this.dataDir, node), words);
    }

    async health() {
        const {nodes: known} = await (await this.#get('api-1', '/nodes')).json();
        const ranks = ['ok', 'degraded', 'error'];
        const rank = ({health}) => ranks.indexOf(health) + 1 || ranks.length;
        return ranks[Math.max(...known.map(rank)) - 1];
    }

    // One of `names`, or all nodes at once. The servers are nobody's children: they go on.
    async kill(name) {
        if (name) await (this.servers[name] ?? this.hosts[name]).kill();
        else await Promise.all(Object.values(this.hosts).map((host) => host.kill()));
    }

    async restart(name) {
        if (this.servers[name]) return this.servers[name].run();
        this.#spawn(name);
        return this.#ready(name);
    }

    signal(name, signal) {
        (this.servers[name] ?? this.hosts[name]).child.process.kill(signal);
    }

    // Nothing passes between that node and the others until they are joined again.
    cut() {
        this.proxy.cut();
    }

    join() {
        this.proxy.join();
    }

    events(pattern) {
        return journalOf(path.join(this.dataDir, 'core'), pattern);
    }

    damage() {
        return this.servers.postgres.damage();
    }

    // Those that use others first.
    async stop() {
        for (const node of [...nodes].reverse()) await this.hosts[node].stop();
    }
}
