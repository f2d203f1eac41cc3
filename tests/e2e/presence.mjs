// Who is there: right soon after a connection is cut where nobody is told, and never wrong about
// those whose line is only slow.
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {RawCable, Subscriber} from './lib/cable.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {Proxy} from './lib/servers.mjs';
import {chosenTopology, startTopology} from './lib/topology.mjs';
import {seconds, until} from './lib/wait.mjs';
import {twoHubs} from './lib/with_plugin.mjs';

const heartbeat = 6;
const host = await startTopology({after}, chosenTopology);
const hubs = twoHubs(host);
const ada = await signUp(host, 'editor');
const bob = await signUp(host, 'editor');

const session = (id) => ({channel: 'CollaborationChannel', resource: 'stream', resource_id: id});
const saysOf = (action, who) => (m) => m.action === action && m.user_id === who.id;

// Bob's client finds the second hub behind a proxy.
async function farAway(t) {
    const proxy = await Proxy.start(t, Number(hubs[1].address.split(':').at(-1)));
    return {proxy, url: cableOf({address: `127.0.0.1:${proxy.port}`}, bob)};
}

for (const [what, traffic] of [
    ['in silence', () => {}],
    ['while much is said', (near) => near.perform('cursor', {position: 'x'.repeat(500)})],
]) {
    test(`somebody who is cut off ${what} has left soon, and comes back`, async (t) => {
        const {proxy, url} = await farAway(t);
        const near = await Subscriber.connect(t, cableOf(hubs[0], ada), session(what.length));
        const far = await Subscriber.connect(t, url, session(what.length));
        await near.message('bob', saysOf('joined', bob));
        proxy.cut();
        const cutAt = performance.now();
        let saidAt = 0;
        await until(
            'bob to leave',
            () => {
                if (performance.now() - saidAt > 50) {
                    traffic(near);
                    saidAt = performance.now();
                }
                return near.messages.find(saysOf('left', bob));
            },
            seconds(2 * heartbeat),
        );
        t.diagnostic(`noticed after ${((performance.now() - cutAt) / 1000).toFixed(1)} s`);
        await until('the list without bob', () => {
            const {users} = near.messages.findLast(({action}) => action === 'active_users_list');
            return users.length === 1 && users[0].user_id === ada.id;
        });
        proxy.join();
        await until(
            'bob to come back',
            () => near.messages.filter(saysOf('joined', bob)).length === 2,
            seconds(40),
        );
        await until('bob to know', () => far.connections >= 2);
    });
}

test('somebody whose line is slow stays', async (t) => {
    const {proxy, url} = await farAway(t);
    const near = await Subscriber.connect(t, cableOf(hubs[0], ada), session(99));
    const far = await RawCable.open(t, url);
    assert.equal((await far.subscribe(JSON.stringify(session(99)))).type, 'confirm_subscription');
    await near.message('bob', saysOf('joined', bob));
    proxy.delay = 900;
    const pings = () => far.frames.filter(({type}) => type === 'ping').length;
    const before = pings();
    await until('three heartbeats of pings', () => pings() >= before + heartbeat, seconds(60));
    assert.ok(!near.messages.some(saysOf('left', bob)));
    assert.equal(far.socket.readyState, far.socket.OPEN);
});
