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
import {output, scratchFolder} from './lib/processes.mjs';
import {seconds} from './lib/wait.mjs';

const wstest = process.env.WSTEST ?? 'wstest';
const isThere = spawnSync(wstest, ['--help']).error === undefined;
if (!isThere) console.log('suite skipped: wstest is not installed');

// 12 and 13, about compression, take a quarter of an hour where the suite has its wsaccel, and far
// longer where it has not: WSTEST_CASES=12.*,13.* runs them.
const cases = (process.env.WSTEST_CASES ?? '1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*').split(',');
const limit = process.env.WSTEST_CASES ? 3600 : 280;
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
    const said = await output(wstest, ['-m', 'fuzzingclient', '-s', spec], {
        timeout: seconds(limit),
    });
    const report = (name) => JSON.parse(readFileSync(path.join(outdir, name)));
    const results = Object.entries(report('index.json').streamwall);
    const failed = results.filter(
        ([, {behavior, behaviorClose}]) =>
            !good.includes(behavior) || !good.includes(behaviorClose),
    );
    assert.deepEqual(failed, []);
    // The suite ends as if all were well when it can no longer connect.
    assert.equal(results.length, Number(/will run (\d+) test cases/.exec(said)?.[1]));
    assert.ok(results.length > 0);
    // To the suite it is as good when we compress nothing of what we send.
    const plain = results.filter(([, {reportfile}]) => {
        const {trafficStats: traffic, httpResponse} = report(reportfile);
        if (!traffic || httpResponse.includes('server_max_window_bits=9')) return false;
        const size = traffic.incomingOctetsAppLevel / traffic.incomingWebSocketMessages;
        return size >= 128 && traffic.incomingCompressionRatio >= 1;
    });
    assert.deepEqual(plain, []);
    t.diagnostic(`${results.length} cases`);
});
