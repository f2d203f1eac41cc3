// The listener with a certificate: HTTPS, and the stock client over wss.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after} from 'node:test';
import {fileURLToPath} from 'node:url';
import {adapters} from '@rails/actioncable';
import WebSocket from 'ws';
import {Subscriber} from './lib/cable.mjs';
import {curl} from './lib/curl.mjs';
import {Host} from './lib/host.mjs';
import {output, scratchFolder} from './lib/processes.mjs';
import {seconds, until} from './lib/wait.mjs';

const folder = scratchFolder({after});
const certificate = path.join(folder, 'certificate.pem');
const key = path.join(folder, 'key.pem');
const trusted = path.join(folder, 'trusted.pem');

function renew() {
    const request = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=wall';
    execFileSync(
        'openssl',
        ['req', ...request.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
        {stdio: 'ignore'},
    );
}
const trust = () => writeFileSync(trusted, readFileSync(certificate));

renew();
trust();
process.env.CURL_CA_BUNDLE = trusted;
adapters.WebSocket = class extends WebSocket {
    constructor(url, protocols) {
        super(url, protocols, {ca: readFileSync(trusted)});
    }
};
const monolith = fileURLToPath(new URL('../../config/monolith.yaml', import.meta.url));
const config = path.join(folder, 'secure.yaml');
const settings = `tls_certificate: ${certificate}\n    tls_key: ${key}`;
writeFileSync(
    config,
    readFileSync(monolith, 'utf8').replace(/^ {2}http-server:$/m, `$&\n    ${settings}`),
);
const host = await Host.start({after}, {config, scheme: 'https'});

test('requests and the stock client go over TLS', async (t) => {
    const url = `wss://${host.address}/cable?token=${new URL(host.cable).searchParams.get('token')}`;
    const subscriber = await Subscriber.connect(t, url);
    const stream = {url: 'https://twitch.tv/secure'};
    const made = await curl(`${host.url}/api/v1/streams`, {method: 'POST', body: stream});
    assert.equal(made.status, 201);
    await subscriber.created(stream.url);
});

test('who came over TLS is sent nowhere else, and its cookie goes over nothing else', async () => {
    const from = {'X-Forwarded-Proto': 'http'};
    const body = {resource: 'stream'};
    const session = `${host.url}/api/v1/collaboration/sessions`;
    const made = await curl(session, {method: 'POST', body, headers: from});
    assert.equal(made.json.websocket_url, `wss://${host.address}/cable`, made.text);
    const person = {email: 'secure@example.org', password: 'Password123'};
    await curl(`${host.url}/api/v1/users/signup`, {method: 'POST', body: person});
    const begun = await curl(`${host.url}/api/v1/session`, {method: 'POST', body: person, key: null});
    assert.match(begun.headers['set-cookie'], /; Secure$/, begun.text);
});

test('a client of TLS 1.2 is refused, one of plain HTTP is told', async () => {
    const old = output('curl', ['-sS', '--tls-max', '1.2', `${host.url}/health`]);
    await assert.rejects(old, /alert protocol version|unsupported protocol/);
    const plain = await output('curl', ['-sS', `http://${host.address}/health`]);
    assert.equal(JSON.parse(plain).code, 'https_required');
});

test('a renewed certificate is taken without a restart', async () => {
    renew();
    await until('the new certificate', async () => {
        trust();
        return curl(`${host.url}/health/live`).then(({status}) => status === 200, () => false);
    }, seconds(20));
    const {text} = await curl(`${host.url}/metrics`);
    const expiry = Number(/^streamwall_http_server_certificate_expiry_seconds (\S+)/m.exec(text)[1]);
    assert.ok(expiry > Date.now() / 1000 && expiry < Date.now() / 1000 + 3 * 86_400);
});
