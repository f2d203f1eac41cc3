// Bulk imports whose body is read as it comes: of any length in constant memory, with progress while
// it goes on, and stopped between two records.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import http from 'node:http';
import test, {after} from 'node:test';
import {Api} from './lib/api.mjs';
import {cleanUp} from './lib/cleanup.mjs';
import {Host, apiKey} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';
import {seconds, until, within} from './lib/wait.mjs';

const host = await Host.start({after}, {dataDir: scratchFolder({after})});
const api = new Api(host);

// An import under way: write(), end(), and the lines that have come so far.
class Import {
    constructor(t, type = 'application/x-ndjson') {
        this.lines = [];
        this.count = 0;
        this.request = http.request(`${host.url}/api/v1/streams/bulk_import`, {
            method: 'POST',
            headers: {
                Authorization: `Bearer ${apiKey}`,
                'Content-Type': type,
                'Transfer-Encoding': 'chunked',
            },
        });
        cleanUp(t, () => this.request.destroy());
        this.over = new Promise((done) => {
            this.request.on('error', done);
            this.request.on('response', (answer) => {
                this.status = answer.statusCode;
                let text = '';
                answer.setEncoding('utf8');
                answer.on('data', (part) => {
                    const whole = (text + part).split('\n');
                    text = whole.pop();
                    this.count += whole.length;
                    this.lines = [...this.lines, ...whole].slice(-100);
                });
                answer.on('end', done);
                answer.on('error', done);
            });
        });
    }

    // Once the text is on its way.
    write(text) {
        return new Promise((done) => {
            if (this.request.write(text)) done();
            else this.request.once('drain', done);
        });
    }

    end(text = '') {
        this.request.end(text);
        return within('the end of the import', this.over, seconds(60));
    }

    last() {
        return JSON.parse(this.lines.at(-1));
    }
}

const line = (name) => `${JSON.stringify({url: `https://kick.com/${name}`, source: 'import'})}\n`;

async function imported() {
    const {meta} = await api.expect(200, 'GET', '/streams?source=import&per_page=1');
    return meta.total_count;
}

function memory() {
    const status = readFileSync(`/proc/${host.child.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
}

test('progress comes while lines are still to be sent', async (t) => {
    const running = new Import(t);
    await running.write(line('first'));
    await until('the first line of progress', () => running.count === 1);
    assert.equal(running.status, 200);
    assert.equal(JSON.parse(running.lines[0]).status, 201);
    assert.equal((await api.withUrl('https://kick.com/first')).length, 1);
    await running.write(`${line('second').slice(0, 10)}`);
    await running.write(`${line('second').slice(10)}${line('first')}nonsense\n`);
    await until('three more', () => running.count === 4);
    await running.end(line('last').trimEnd());
    assert.deepEqual(running.lines.map((text) => JSON.parse(text).status).slice(0, 5).toSorted(), [
        200, 201, 201, 201, 400,
    ]);
    assert.equal(JSON.parse(running.lines[3]).index, 3);
    assert.deepEqual(running.last(), {done: true, created: 3, known: 1, refused: 1});
});

test('a document comes in the same way', async (t) => {
    const running = new Import(t, 'application/json');
    await running.write('{"version": 1, "streams": [');
    await running.write(`${line('doc1')},`);
    await until('the first line of progress', () => running.count === 1);
    await running.end(`${line('doc2')}, {"url": 5}], "more": [1]}`);
    assert.deepEqual(running.last(), {done: true, created: 2, known: 0, refused: 1});
    assert.equal(JSON.parse(running.lines[2]).error.errors[0].field, 'url');
});

test('a document that breaks is told of, and what came before is made', async (t) => {
    const running = new Import(t, 'application/json');
    await running.write(`[${line('before')}`);
    await running.end('');
    assert.equal(running.status, 400, 'nothing had begun');
    const begun = new Import(t, 'application/json');
    await begun.write(`[${line('whole')},`);
    await until('the first line', () => begun.count === 1);
    await begun.end(line('cut').slice(0, 20));
    assert.deepEqual(begun.last(), {done: false, created: 1, known: 0, refused: 0});
    assert.equal(JSON.parse(begun.lines[1]).status, 400);
    assert.equal((await api.withUrl('https://kick.com/whole')).length, 1);
});

test('200 MB take no more memory than a few pieces', async (t) => {
    const running = new Import(t);
    const notes = 'x'.repeat(200 * 1024);
    await running.write(line('large'));
    await until('the first line', () => running.count === 1);
    const before = memory();
    for (let n = 0; n < 1000; n += 1) await running.write(`{"notes":"${notes}"}\n`);
    const during = memory();
    await running.end();
    assert.deepEqual(running.last(), {done: true, created: 1, known: 0, refused: 1000});
    assert.ok(during - before < 64, `${Math.round(during - before)} MiB more`);
});

test('an export that is read slowly takes no more memory than a few pieces', async (t) => {
    const rows = 6000;
    const notes = 'x'.repeat(9000);
    const running = new Import(t);
    for (let n = 0; n < rows; n += 1) {
        const stream = {url: `https://kick.com/exported${n}`, source: 'export', notes};
        await running.write(`${JSON.stringify(stream)}\n`);
    }
    await running.end();
    assert.equal(running.last().created, rows);
    const before = memory();
    const request = http.get(`${host.url}/api/v1/streams/export?source=export&format=ndjson`, {
        headers: {Authorization: `Bearer ${apiKey}`},
    });
    cleanUp(t, () => request.destroy());
    const answer = await new Promise((done, failed) => {
        request.on('response', done);
        request.on('error', failed);
    });
    assert.equal(answer.statusCode, 200);
    answer.setEncoding('latin1');
    // A piece now and then, while the host has all the time that 50 other requests take.
    let most = 0;
    let text = '';
    for (let round = 0; round < 20; round += 1) {
        for (let n = 0; n < 50; n += 1) await api.get(1);
        text += answer.read(16 * 1024) ?? '';
        most = Math.max(most, memory());
    }
    let lines = text.split('\n').length - 1;
    for await (const part of answer) {
        lines += part.split('\n').length - 1;
        most = Math.max(most, memory());
    }
    assert.equal(lines, rows);
    assert.ok(most - before < 40, `${Math.round(most - before)} MiB more for 54 MiB`);
});

test('a client that goes away stops it between two records, and may come again', async (t) => {
    const running = new Import(t);
    const rows = Array.from({length: 2000}, (_, n) => line(`gone${n}`));
    const before = await imported();
    for (const row of rows.slice(0, 1000)) await running.write(row);
    await until('some progress', () => running.count > 100);
    running.request.destroy();
    let made = -1;
    await until('an end of it', async () => {
        const now = await imported();
        const same = now === made;
        made = now;
        return same;
    });
    assert.ok(made - before > 100 && made - before <= 1000, `${made - before} made`);
    const again = new Import(t);
    for (const row of rows) await again.write(row);
    await again.end();
    const {created, known, refused, done} = again.last();
    assert.deepEqual([done, refused, created + known], [true, 0, 2000]);
    assert.equal((await imported()) - before, 2000);
});

test('what is no list, or nobody may do, is refused as a whole', async (t) => {
    for (const [body, status] of [
        ['{}', 422],
        ['5', 422],
        ['{"streams": {}}', 422],
        ['{', 400],
        ['', 400],
    ]) {
        const running = new Import(t, 'application/json');
        await running.end(body);
        assert.equal(running.status, status, body);
    }
    const csv = new Import(t, 'text/csv');
    await csv.end('a,b');
    assert.equal(csv.status, 415);
});
