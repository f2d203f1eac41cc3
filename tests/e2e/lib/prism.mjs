// Prism, a proxy that holds requests and answers to the OpenAPI document of the host behind it.
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {cleanUp} from './cleanup.mjs';
import {Child, freePort} from './processes.mjs';
import {seconds} from './wait.mjs';

const program = fileURLToPath(new URL('../node_modules/.bin/prism', import.meta.url));

export class Prism {
    // With `errors` what breaks the document is refused; else it is told in the header sl-violations
    // and in `lines`, the log.
    static async start(t, host, {errors = false} = {}) {
        const port = await freePort();
        const document = `${host.url}/openapi.json`;
        const words = ['proxy', document, host.url, '--host', '127.0.0.1', '--no-cors'];
        if (errors) words.push('--errors');
        const child = new Child('prism', process.execPath, [program, ...words, '-p', String(port)], {
            cwd: path.dirname(program),
        });
        cleanUp(t, () => child.end('SIGKILL'));
        await child.line('to listen', (line) => line.includes('is listening'), seconds(60));
        return {url: `http://127.0.0.1:${port}`, lines: child.lines};
    }
}
