// Operators' controls over several nodes: any of them is seen and steered from any other.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {Subscriber} from './lib/cable.mjs';
import {binary} from './lib/host.mjs';
import {Child, scratchFolder} from './lib/processes.mjs';
import {startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';

const config = path.join(scratchFolder({after}), 'split.yaml');
const original = readFileSync(new URL('../../config/split.yaml', import.meta.url), 'utf8');
writeFileSync(config, original);

const system = await startTopology({after}, 'split', {config});
const [first, second] = system.listeners();
const api = new Api(first);

// The command line on the machine of `node`, which has to succeed: its standard output.
async function done(node, ...words) {
    const {code, stdout, stderr} = await system.commandOf(node, ...words);
    assert.equal(code, 0, `${node}: ${words.join(' ')}: ${stderr}`);
    return stdout;
}

// As the listener that is not asked to change anything sees it.
async function stateOf(plugin) {
    const {plugins} = await new Api(second).expect(200, 'GET', '/nodes/ingest/plugins');
    return plugins.find(({name}) => name === plugin).state;
}

async function nodeState(name) {
    const {nodes} = await new Api(second).expect(200, 'GET', '/nodes');
    return nodes.find(({node}) => node === name).state;
}

test('every node shows all of them', async () => {
    const all = ['api-1', 'api-2', 'core', 'ingest'];
    for (const node of all) {
        const {nodes} = JSON.parse(await done(node, 'nodes', '--output', 'json'));
        assert.equal(nodes[0].node, node, 'the own one first');
        assert.deepEqual(nodes.map((one) => one.node).sort(), all);
        assert.deepEqual([...new Set(nodes.map(({state}) => state))], ['ready']);
    }
    const {nodes} = await api.expect(200, 'GET', '/nodes');
    assert.deepEqual(nodes.map(({node}) => node).sort(), all);
});

test('a plugin is switched from another node and stays so over a restart', async () => {
    await done('core', 'plugins', 'disable', 'discovery', '--node', 'ingest');
    assert.equal(await stateOf('discovery'), 'disabled');
    await system.kill('ingest');
    await until('ingest missed', async () => (await nodeState('ingest')) === 'unreachable', seconds(20));
    await system.restart('ingest');
    await until('ingest again', async () => (await stateOf('discovery')) === 'disabled', seconds(20));
    await done('api-1', 'plugins', 'enable', 'discovery', '--node', 'ingest');
    assert.equal(await stateOf('discovery'), 'running');
    await done('api-2', 'plugins', 'restart', 'discovery', '--node', 'ingest');
    assert.equal(await stateOf('discovery'), 'running');
});

test('a changed file is planned and carried out on the node that it concerns', async () => {
    writeFileSync(config, original.replace(/  discovery:\n/, '$&    seen_capacity: 777\n'));
    const plan = JSON.parse(await done('core', 'plan', '--node', 'ingest', '--output', 'json'));
    const step = plan.instances.find(({instance}) => instance === 'discovery');
    assert.deepEqual([step.action, step.changed], ['restart', ['seen_capacity']]);
    const {changes} = JSON.parse(
        await done('core', 'reload', '--node', 'ingest', '--output', 'json'),
    );
    assert.deepEqual(
        changes.map(({instance, action}) => [instance, action]),
        [['discovery', 'restart']],
    );
    assert.match(await done('api-1', 'reload', '--node', 'ingest'), /nothing has changed/);
});

test('the graph of a node, and calls to services of another, are to be had anywhere', async () => {
    const graph = await done('api-2', 'graph', '--node', 'ingest');
    assert.match(graph, /"discovery" -> "stream.discovered"/);
    assert.doesNotMatch(graph, /"catalog" ->/);
    const {id} = await api.create({url: 'https://twitch.tv/called'});
    const request = JSON.stringify({id});
    const answer = JSON.parse(await done('ingest', 'call', 'catalog.streams', 'get', request));
    assert.equal(JSON.stringify(answer).includes('https://twitch.tv/called'), true);
});

test('a tap shows the events of all nodes', async (t) => {
    const folder = path.join(system.dataDir, 'api-1');
    const words = ['events', 'tap', '--all', '--data', folder];
    const tap = new Child('events tap', binary, words);
    t.after(() => tap.end('SIGKILL'));
    const seen = (type, subject) =>
        tap.lines.map((line) => JSON.parse(line)).some((e) => e.type === type && e.subject === subject);
    let n = 0;
    await until('events of core and ingest', async () => {
        const {id} = await api.create({url: `https://twitch.tv/tapped_${n++}`});
        await done('core', 'plugins', 'restart', 'discovery', '--node', 'ingest');
        return seen('stream.created', `stream/${id}`) &&
            seen('plugin.state_changed', 'plugin/ingest/discovery');
    }, seconds(20));
});

test('admins see plugins of other nodes change, and nodes come and go', async (t) => {
    const admin = await Subscriber.connect(t, second.cable, {channel: 'NodesChannel'});
    const {nodes} = await admin.message('snapshot', ({action}) => action === 'snapshot');
    assert.equal(nodes.length, 4);
    await done('core', 'plugins', 'disable', 'discovery', '--node', 'ingest');
    const {plugin} = await admin.message(
        'disabled',
        ({action, plugin}) => action === 'changed' && plugin.state === 'disabled',
    );
    assert.deepEqual([plugin.node, plugin.plugin], ['ingest', 'discovery']);
    await done('core', 'plugins', 'reset', 'discovery', '--node', 'ingest');
    await system.kill('ingest');
    await until('ingest gone', async () => {
        const {nodes: left} = await api.expect(200, 'GET', '/nodes');
        return !left.some(({node, state}) => node === 'ingest' && state === 'ready');
    });
    const refused = await system.commandOf('core', 'plugins', 'enable', 'discovery', '--node', 'ingest');
    assert.notEqual(refused.code, 0);
    await system.restart('ingest');
    await until('ingest back', async () => (await stateOf('discovery')) === 'running', seconds(20));
});

test('admins see feature flags change, whichever listener they change at', async (t) => {
    const admin = await Subscriber.connect(t, second.cable, {channel: 'NodesChannel'});
    const {features} = await admin.message('flags', ({action}) => action === 'features');
    const {enabled} = features.find(({key}) => key === 'stream_export');
    await api.expect(200, 'POST', `/features/stream_export/${enabled ? 'disable' : 'enable'}`);
    const {feature} = await admin.message(
        'the change',
        ({action, feature: one}) => action === 'feature_changed' && one.key === 'stream_export',
    );
    assert.equal(feature.enabled, !enabled);
});

test('every listener knows the events of all nodes by their schemas', async () => {
    for (const listener of system.listeners()) {
        const {schemas} = await new Api(listener).expect(200, 'GET', '/schemas');
        for (const type of ['stream.created', 'stream.discovered', 'chat.message_posted', 'node.left'])
            assert.ok(schemas.some((one) => one.type === type && one.version === '1.0'), type);
    }
    const schema = await api.expect(200, 'GET', '/schemas/stream.discovered/1.0');
    assert.equal(schema.$id, 'stream.discovered/1.0');
});

test('a plugin whose event broke with what readers know is refused, and the node says why', async () => {
    const file = path.join(system.dataDir, 'ingest', 'schemas.json');
    const seen = readFileSync(file, 'utf8');
    // What an older discovery is said to have announced: a member that today's leaves out.
    const older = JSON.parse(seen);
    const {schema} = older.find(({type}) => type === 'stream.discovered');
    schema.properties.mood = {type: 'string'};
    schema.required.push('mood');
    await system.kill('ingest');
    writeFileSync(file, JSON.stringify(older));
    await system.restart('ingest');
    await until('the refusal', async () => (await stateOf('discovery')) === 'failed', seconds(20));
    const {plugins} = await api.expect(200, 'GET', '/nodes/ingest/plugins');
    const {reason} = plugins.find(({name}) => name === 'discovery');
    assert.match(reason, /'stream\.discovered' 1\.0 .*'mood'.*give it version/);
    assert.equal(await system.health(), 'degraded', 'the others go on');

    await system.kill('ingest');
    writeFileSync(file, seen);
    await system.restart('ingest');
    await until('no refusal', async () => (await stateOf('discovery')) === 'running', seconds(20));
});
