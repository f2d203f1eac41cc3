// A thousand changes at once: whoever counts by places gets each, the others fewer messages, in which
// nothing is lost; and nobody waits long.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {Api} from './lib/api.mjs';
import {RawCable} from './lib/cable.mjs';
import {apiKey, Host} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {seconds, until} from './lib/wait.mjs';

const config = `
nodes: {main: {plugins: [storage-sqlite, catalog, http-server, rest-api, websocket-hub]}}
plugins:
  http-server: {listen: "127.0.0.1:0", api_key: "${apiKey}", rate_limits: "off"}
`;
const streams = 10;
const rounds = 100;

test('a burst comes in fewer messages than changes, and whole', async (t) => {
    const file = path.join(scratchFolder(t), 'bursts.yaml');
    writeFileSync(file, config, {mode: 0o600});
    const host = await Host.start(t, {config: file});
    const api = new Api(host);
    const ids = [];
    for (let n = 0; n < streams; n += 1) {
        ids.push((await api.create({url: `https://twitch.tv/burst_${n}`, title: '0'})).id);
    }
    const open = async (protocol, params) => {
        const cable = await RawCable.open(t, host.cable, {protocols: [protocol]});
        const {type} = await cable.subscribe(JSON.stringify({channel: 'StreamsChannel', ...params}));
        assert.equal(type, 'confirm_subscription');
        return cable;
    };
    const cables = {
        plain: await open('actioncable-v1-json', {}),
        batched: await open('actioncable-v1-json', {batch: true}),
        extended: await open('actioncable-v1-ext-json', {}),
    };
    // The messages with changes, and how many frames those took.
    const newsOf = ({frames}) => {
        const carrying = frames.filter(({message}) => message?.action);
        const messages = carrying.flatMap(({message}) => message.messages ?? [message]);
        return {count: carrying.length, updates: messages.filter(({action}) => action === 'updated')};
    };
    const updates = [];
    for (let round = 1; round <= rounds; round += 1) {
        for (const id of ids) updates.push({id, title: String(round)});
    }
    await api.expect(200, 'PATCH', '/streams/batch', {updates});
    const answered = performance.now();
    const isWhole = ({updates: seen}) =>
        ids.every((id) => seen.some(({stream}) => stream.id === id && stream.title === String(rounds)));
    await until(
        'the last title of each, everywhere',
        () => Object.values(cables).every((cable) => isWhole(newsOf(cable))),
        seconds(10),
    );
    const late = performance.now() - answered;
    assert.ok(late < seconds(2), `the last change came ${late} ms after the answer`);

    for (const [name, cable] of Object.entries(cables)) {
        const {updates: seen} = newsOf(cable);
        for (const id of ids) {
            const mine = seen.filter(({stream}) => stream.id === id);
            let last = '0';
            for (const {stream, changes} of mine) {
                assert.equal(changes.title.from, last, `${name}: a step is missing`);
                assert.equal(changes.title.to, stream.title);
                last = stream.title;
            }
            assert.equal(last, String(rounds));
        }
    }
    const count = Object.fromEntries(
        Object.entries(cables).map(([name, cable]) => [name, newsOf(cable).count]),
    );
    t.diagnostic(`${updates.length} changes in ${JSON.stringify(count)} messages`);
    assert.equal(count.extended, updates.length);
    assert.ok(count.plain < updates.length);
    assert.ok(count.batched < count.plain);
});
