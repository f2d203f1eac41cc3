// Autobahn's fuzzing client against the listener's WebSocket code, by way of a fixture that echoes.
//
// The suite is not packaged for Debian or npm: where `wstest` (WSTEST names it elsewhere) is not
// installed, this says so and skips. What can be had everywhere is in stock_websockets.mjs.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {Host, binary} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {seconds} from './lib/wait.mjs';

const wstest = process.env.WSTEST ?? 'wstest';
const isThere = spawnSync(wstest, ['--help']).error === undefined;
if (!isThere) console.log('suite skipped: wstest is not installed');

// 12 and 13, about compression, take many minutes: WSTEST_CASES=12.*,13.* runs them.
const cases = (process.env.WSTEST_CASES ?? '1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*').split(',');
const good = ['OK', 'NON-STRICT', 'INFORMATIONAL'];

const config = `
nodes: {main: {plugins: [storage-sqlite, catalog, http-server, rest-api, echo]}}
plugins:
  http-server:
    listen: "127.0.0.1:0"
    rate_limits: "off"
    websocket_compression: true
    message_rate: 0
    queue_limit: 67108864
`;

test('every case of the suite passes', {skip: !isThere}, async (t) => {
    const folder = scratchFolder(t);
    const file = path.join(folder, 'echo.yaml');
    writeFileSync(file, config);
    const host = await Host.start(t, {
        config: file,
        env: {STREAMWALL_PLUGIN_PATH: path.join(path.dirname(binary), '../tests/plugins')},
    });
    const spec = path.join(folder, 'spec.json');
    const outdir = path.join(folder, 'reports');
    const servers = [{agent: 'streamwall', url: `ws://${host.address}/echo`}];
    writeFileSync(
        spec,
        JSON.stringify({outdir, servers, cases, 'exclude-cases': [], 'exclude-agent-cases': {}}),
    );
    const {status, stderr} = spawnSync(wstest, ['-m', 'fuzzingclient', '-s', spec], {
        timeout: seconds(280),
        encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const results = JSON.parse(readFileSync(path.join(outdir, 'index.json'))).streamwall;
    const failed = Object.entries(results).filter(
        ([, {behavior, behaviorClose}]) =>
            !good.includes(behavior) || !good.includes(behaviorClose),
    );
    assert.deepEqual(failed, []);
    t.diagnostic(`${Object.keys(results).length} cases`);
    assert.ok(Object.keys(results).length > 0);
});
