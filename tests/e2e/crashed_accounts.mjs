// Who is connected stays so when the node that knows their tokens crashes, and another listener with
// it: the tokens are asked about anew, and who stands for nothing any more is the only one to go.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {RawCable, Subscriber} from './lib/cable.mjs';
import {cableOf, signUp} from './lib/people.mjs';
import {hs256} from './lib/jwt.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {startTopology} from './lib/topology.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const secret = 'what services sign with, 32 bytes or more';
const shipped = readFileSync(new URL('../../config/split.yaml', import.meta.url), 'utf8');
const list = '    services:\n      - {name: rooms, scopes: [streams:read]}\n';
const session = {channel: 'CollaborationChannel', resource: 'stream', resource_id: 7};

function serviceToken(service) {
    const now = Math.floor(Date.now() / 1000);
    const claims = {type: 'service', service, iat: now - 10, exp: now + 600};
    return hs256(claims, secret);
}

test('clients outlive a crash of what knows their tokens', async (t) => {
    const config = path.join(scratchFolder(t), 'split.yaml');
    writeFileSync(config, shipped.replace(/(?<= {2}accounts:\n)/, list));
    const host = await startTopology(t, 'split', {config, env: {SERVICE_JWT_SECRET: secret}});
    const [near, far] = host.listeners();
    const service = await RawCable.open(t, cableOf(near, {token: serviceToken('rooms')}));
    const first = await Subscriber.connect(t, cableOf(near, await signUp(host, 'editor')), session);
    await Subscriber.connect(t, cableOf(far, await signUp(host, 'editor')), session);
    const isOfBoth = ({action, users}) => action === 'active_users_list' && users.length === 2;
    await first.message('both', isOfBoth);

    await Promise.all([host.kill('core'), host.kill('api-2')]);
    writeFileSync(config, shipped);
    await host.restart('core');
    const {code} = await within('the end of the service', service.closed, seconds(20));
    assert.equal(code, 1008, 'it is on the list no more');
    await until('an answer', () => {
        first.perform('chat', {message: 'still here'});
        return first.messages.some(({action}) => action === 'chat');
    }, seconds(20));
    assert.equal(first.connections, 1, 'it is the connection of before');
});
