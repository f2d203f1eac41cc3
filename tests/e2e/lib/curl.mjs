// One HTTP exchange through curl: a client that is not ours and not Node's.
import assert from 'node:assert/strict';
import {output} from './processes.mjs';
import {apiKey} from './host.mjs';

// What a validating proxy in between (lib/prism.mjs) finds wrong with an answer fails the test; what
// it finds wrong with requests is what the test sends on purpose.
export function assertNoViolation(url, text, violations) {
    const ours = JSON.parse(violations ?? '[]').filter(({location}) => location[0] === 'response');
    assert.deepEqual(ours, [], `${url}: ${text.slice(0, 1000)}`);
}

// Returns {status, headers (lower case), text, json}. `key: null` sends no credentials.
export async function curl(url, {method = 'GET', body, headers = {}, key = apiKey} = {}) {
    const args = ['-sS', '-i', '--max-time', '10', '-X', method];
    const sent = {...headers};
    if (key) sent.Authorization ??= `Bearer ${key}`;
    if (body !== undefined) {
        sent['Content-Type'] ??= 'application/json';
        args.push('--data-binary', typeof body === 'string' ? body : JSON.stringify(body));
    }
    for (const [name, value] of Object.entries(sent)) args.push('-H', `${name}: ${value}`);
    const raw = await output('curl', [...args, url]);
    const split = raw.indexOf('\r\n\r\n');
    const [statusLine, ...lines] = raw.slice(0, split).split('\r\n');
    const text = raw.slice(split + 4);
    const received = {};
    for (const line of lines) {
        const colon = line.indexOf(':');
        received[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    assertNoViolation(url, text, received['sl-violations']);
    return {
        status: Number(statusLine.split(' ')[1]),
        headers: received,
        text,
        json: /[/+]json/.test(received['content-type'] ?? '') ? JSON.parse(text) : undefined,
    };
}
