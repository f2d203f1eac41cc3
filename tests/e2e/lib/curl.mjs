// One HTTP exchange through curl: a client that is not ours and not Node's.
import {apiKey} from './host.mjs';
import {output} from './processes.mjs';
import {routed} from './proxied.mjs';

// Returns {status, headers (lower case), text, json}. `key: null` sends no credentials.
export async function curl(url, {method = 'GET', body, headers = {}, key = apiKey} = {}) {
    const args = ['-sS', '-i', '--max-time', '10', '-X', method];
    const sent = {...headers};
    if (key) sent.Authorization ??= `Bearer ${key}`;
    const data = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    if (data !== undefined) {
        sent['Content-Type'] ??= 'application/json';
        args.push('--data-binary', data);
    }
    for (const [name, value] of Object.entries(sent)) args.push('-H', `${name}: ${value}`);
    const route = routed(url, {method, headers: sent, body: data});
    const raw = await output('curl', [...args, route.url]);
    const split = raw.indexOf('\r\n\r\n');
    const [statusLine, ...lines] = raw.slice(0, split).split('\r\n');
    const text = raw.slice(split + 4);
    const received = {};
    for (const line of lines) {
        const colon = line.indexOf(':');
        received[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    route.check(text, received['sl-violations']);
    return {
        status: Number(statusLine.split(' ')[1]),
        headers: received,
        text,
        json: /[/+]json/.test(received['content-type'] ?? '') ? JSON.parse(text) : undefined,
    };
}
