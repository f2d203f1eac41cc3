// Whoever was there is there again, once the node with the sessions has crashed and started, before
// any client has done anything. What was written together is in the database.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Subscriber} from './lib/cable.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {startTopology} from './lib/topology.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const session = {channel: 'CollaborationChannel', resource: 'stream', resource_id: 7};
const idsOf = ({users}) => users.map(({user_id: id}) => id).sort();
const isList = ({action}) => action === 'active_users_list';

test('sessions outlive a crash of their node', async (t) => {
    const host = await startTopology(t, 'split');
    const [near, far] = host.listeners();
    const ada = await signUp(host, 'editor');
    const bob = await signUp(host, 'editor');
    const first = await Subscriber.connect(t, cableOf(near, ada), session);
    const second = await Subscriber.connect(t, cableOf(far, bob), session);
    const both = [ada.id, bob.id].sort();
    await first.message('both', (m) => isList(m) && idsOf(m).length === 2);
    second.perform('text_op', {field: 'notes', version: 0, op: ['kept'], id: '1'});
    await second.message('its answer', ({action}) => action === 'text_ack');
    await until('the cache to have both', async () => {
        const keys = Array.from({length: 16}, (_, key) => `${key}`);
        const kept = await Promise.all(keys.map((key) => cached(host, key)));
        return kept.flat().some(({people}) => people.length === 2);
    });

    const seen = first.messages.length;
    await host.kill('core');
    const late = subscribeLater(first.consumer, {...session, resource_id: 8});
    await host.restart('core');
    const news = () => first.messages.slice(seen);
    await until('the list', () => news().some(isList), seconds(20));
    assert.deepEqual(idsOf(news().find(isList)), both, 'the first list there is has both');
    await until('both to be heard', () => {
        second.perform('chat', {message: 'still here'});
        return news().some(({action}) => action === 'chat');
    }, seconds(20));
    assert.ok(!news().some(({action}) => /^(joined|left)$/.test(action)), 'nobody has gone or come');

    assert.equal(await within('who came meanwhile', late, seconds(20)), 'connected');

    // Its hub may be a moment later than the other; what it is given meanwhile waits.
    first.perform('text_open', {field: 'notes'});
    const {content, version} = await first.message('the text', ({action}) => action === 'text');
    assert.deepEqual({content, version}, {content: 'kept', version: 1});
    const refusals = [first, second]
        .flatMap(({messages}) => messages)
        .filter(({action, code}) => action === 'error' && code !== 'unavailable' && code !== 'timeout');
    assert.deepEqual(refusals, [], 'whoever was let in once is told at most that nobody is there');
});

// How a subscription ends that begins while nobody can admit it.
const subscribeLater = (consumer, params) =>
    new Promise((resolve) => {
        consumer.subscriptions.create(params, {
            connected: () => resolve('connected'),
            rejected: () => resolve('rejected'),
        });
    });

// What the service `cache` has for a key of presence.
async function cached(host, key) {
    const request = JSON.stringify({namespace: 'collaboration.presence', key});
    const {code, stdout, stderr} = await host.command('call', 'cache', 'get', request);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).value ?? [];
}
