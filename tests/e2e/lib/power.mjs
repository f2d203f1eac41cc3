// A disk whose power can be cut: ext4 in a file on a loop device.
import {execFileSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {cleanUp, cleanUpAtExit} from './cleanup.mjs';
import {output, scratchFolder} from './processes.mjs';

const cutter = fileURLToPath(new URL('cut_power.py', import.meta.url));

export class Disk {
    // A mounted disk, or the reason in words why there can be none here.
    static async make(t) {
        if (process.getuid() !== 0) return 'mounting a loop device needs root';
        const folder = scratchFolder(t, 'disk');
        const disk = new Disk();
        disk.image = path.join(folder, 'disk.img');
        disk.mountpoint = path.join(folder, 'mnt');
        mkdirSync(disk.mountpoint);
        await output('truncate', ['-s', '64M', disk.image]);
        await output('mkfs.ext4', ['-q', '-F', disk.image]);
        try {
            await disk.mount();
        } catch (error) {
            return `no loop device to mount: ${String(error.stderr ?? error.message).trim()}`;
        }
        cleanUp(t, () => disk.unmount());
        cleanUpAtExit(() => {
            if (disk.mounted) execFileSync('umount', ['-l', disk.mountpoint]);
        });
        return disk;
    }

    async mount() {
        // commit=1000: the kernel writes nothing of its own accord during a test.
        await output('mount', ['-o', 'loop,commit=1000', this.image, this.mountpoint]);
        this.mounted = true;
    }

    async unmount() {
        if (!this.mounted) return;
        await output('umount', [this.mountpoint]);
        this.mounted = false;
    }

    cut() {
        return output('/usr/bin/env', ['python3', cutter, this.mountpoint]);
    }

    // Power comes back: what had reached the device is all there is.
    async restore() {
        await this.unmount();
        await this.mount();
    }
}
