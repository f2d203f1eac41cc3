// With E2E_PROXY=prism the clients of the stories (curl.mjs, api.mjs) reach every host through a Prism
// of its own, which holds each answer to the host's OpenAPI document. What it finds wrong with an
// answer fails the test; what it finds wrong with requests is what the test sends on purpose.
import assert from 'node:assert/strict';
import {Prism} from './prism.mjs';

const isProxied = process.env.E2E_PROXY === 'prism';
const proxies = new Map();
const started = [];
const count = {checked: 0, undescribed: 0, past: 0};

// Puts one before that host, for as long as its process is there.
export async function standBefore(host) {
    if (!isProxied) return;
    const {url} = host;
    const prism = await Prism.start({after: (end) => host.exited.then(end)}, host);
    started.push(prism);
    proxies.set(url, prism.url);
    host.exited.then(() => proxies.delete(url));
}

// Prism reads bodies of up to 10 MiB, and writes JSON anew before it passes it on: what then is
// another text (broken, doubled names, large numbers) or none (null, "text") would not arrive.
function survives({method = 'GET', headers = {}, body}, rest) {
    const header = (wanted) =>
        Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
    try {
        decodeURIComponent(rest);  // a broken escape ends it
    } catch {
        return false;
    }
    if (header('accept') === 'text/event-stream') return false;  // it waits for whole answers
    if (body === undefined) return true;
    if (typeof body !== 'string' || header('content-encoding')) return false;
    if (method === 'GET' || Buffer.byteLength(body) > 10 << 20) return false;
    if (!/[/+]json/.test(header('content-type')) || body === '') return true;
    try {
        const value = JSON.parse(body);
        return typeof value === 'object' && value !== null && JSON.stringify(value) === body;
    } catch {
        return false;
    }
}

// `url` is where to send the request; the answer's text and header sl-violations are for check().
export function routed(url, request) {
    const {origin} = new URL(url);
    const proxy = proxies.get(origin);
    const rest = url.slice(origin.length);
    if (!proxy || !survives(request, rest)) {
        count.past += 1;
        return {url, check() {}};
    }
    return {url: proxy + rest, check: (text, violations) => check(url, text, violations)};
}

function check(url, text, violations) {
    const what = `${url}: ${text.slice(0, 1000)}`;
    assert.doesNotMatch(text, /stoplight\.io\/prism\/errors/, what);
    // What is too long for a header is in Prism's log, which is read at the end.
    const found = violations?.startsWith('[') ? JSON.parse(violations) : [];
    const ours = found.filter(({location}) => location[0] === 'response');
    assert.deepEqual(ours, [], what);
    const isKnown = !found.some(({message}) => message === 'Selected route not found');
    count[isKnown ? 'checked' : 'undescribed'] += 1;
}

// The end of the story: nothing was missed, and most answers were held to the document.
if (isProxied) {
    process.on('exit', () => {
        const {checked, undescribed, past} = count;
        const lines = started.flatMap((prism) => prism.lines);
        const faults = lines.filter((line) => line.includes('Violation: response'));
        const isMost = checked > 10 && checked > 2 * (undescribed + past);
        console.log(`answers through Prism: ${JSON.stringify(count)}`, ...faults);
        if (!isMost) console.error('too few of them were held to the description');
        if (!isMost || faults.length > 0) process.exitCode = 1;
    });
}
