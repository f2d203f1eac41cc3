// The power goes while the host is writing: all that was acknowledged is there when it is back.
import assert from 'node:assert/strict';
import {
    closeSync,
    existsSync,
    fsyncSync,
    mkdirSync,
    openSync,
    readFileSync,
    writeFileSync,
    writeSync,
} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {Host} from './lib/host.mjs';
import {assertComplete, journal} from './lib/journal.mjs';
import {Disk} from './lib/power.mjs';
import {databaseIn, integrity} from './lib/sqlite.mjs';
import {momentBetween, seconds, until} from './lib/wait.mjs';
import {Writer} from './lib/writer.mjs';

const cuts = Number(process.env.E2E_POWER_CUTS ?? 3);

function skipped(t, disk) {
    if (typeof disk !== 'string') return false;
    console.log(`power cut skipped: ${disk}`);
    t.skip(disk);
    return true;
}

test('the cut is real: it keeps what was synced and nothing else', async (t) => {
    const disk = await Disk.make(t);
    if (skipped(t, disk)) return;
    const file = (name) => path.join(disk.mountpoint, name);
    for (const [name, synced] of [
        ['synced', true],
        ['unsynced', false],
    ]) {
        const descriptor = openSync(file(name), 'w');
        writeSync(descriptor, 'written');
        if (synced) fsyncSync(descriptor);
        closeSync(descriptor);
    }
    await disk.cut();
    assert.throws(() => writeFileSync(file('late'), 'x'), {code: 'EIO'});
    await disk.restore();
    assert.equal(readFileSync(file('synced'), 'utf8'), 'written');
    assert.ok(
        !existsSync(file('unsynced')) || readFileSync(file('unsynced'), 'utf8') !== 'written',
    );
});

test(`${cuts} power cuts while writing lose nothing that was acknowledged`, async (t) => {
    const disk = await Disk.make(t);
    if (skipped(t, disk)) return;
    const dataDir = path.join(disk.mountpoint, 'var');
    mkdirSync(dataDir);
    const writer = new Writer('cut', [503, 507]);
    let streams;
    for (let cut = 0; cut <= cuts; cut += 1) {
        const host = await Host.start(t, {dataDir});
        streams = [...(await writer.verify(host)).values()];
        if (cut === cuts) {
            await host.stop();
            break;
        }
        const before = writer.acknowledged;
        writer.start(host);
        await until('acknowledged writes', () => writer.acknowledged > before + 20, seconds(20));
        await momentBetween(0, 300);
        writer.stopNoting();
        await disk.cut();
        await host.kill();
        await writer.stop();
        await disk.restore();
    }
    assert.equal(await integrity(databaseIn(dataDir)), 'ok');
    assertComplete(await journal(dataDir), streams);
    t.diagnostic(
        `${cuts} cuts, ${writer.acknowledged} acknowledged writes, ${streams.length} streams`,
    );
});
