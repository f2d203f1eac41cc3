// Headless Chromium, driven over its DevTools protocol.
import {once} from 'node:events';
import WebSocket from 'ws';
import {spawnSync} from 'node:child_process';
import {cleanUp} from './cleanup.mjs';
import {Child, scratchFolder} from './processes.mjs';
import {seconds, within} from './wait.mjs';

const program = process.env.CHROMIUM ?? 'chromium';

// Why there is no browser here, or nothing.
export function whyNoBrowser() {
    const {error, status, stderr} = spawnSync(program, ['--version'], {encoding: 'utf8'});
    if (error) return `${program} cannot be started: ${error.message}`;
    return status === 0 ? undefined : `${program} --version failed: ${stderr}`;
}

export class Browser {
    static async start(t) {
        const browser = new Browser();
        browser.calls = new Map();
        browser.last = 0;
        const child = new Child('chromium', program, [
            '--headless=new',
            '--no-sandbox', // root may not have one
            '--disable-gpu',
            '--disable-dev-shm-usage',
            '--no-first-run',
            '--no-proxy-server',
            '--remote-debugging-port=0',
            `--user-data-dir=${scratchFolder(t, 'streamwall-chromium')}`,
            'about:blank',
        ]);
        cleanUp(t, () => child.end('SIGTERM').catch(() => child.end('SIGKILL')));
        const url = await child.line(
            'the address of DevTools',
            (line) => /DevTools listening on (ws:\S+)/.exec(line)?.[1],
            seconds(40),
        );
        browser.socket = new WebSocket(url, {perMessageDeflate: false});
        cleanUp(t, () => browser.socket.terminate());
        browser.socket.on('message', (text) => browser.#take(JSON.parse(text)));
        await within('DevTools', once(browser.socket, 'open'));
        return browser;
    }

    // A new page at that address. `isApart`: with cookies of its own. `script` runs before those of
    // the page.
    async open(url, {isApart = false, script} = {}) {
        const {browserContextId} = isApart ? await this.send('Target.createBrowserContext') : {};
        const {targetId} = await this.send('Target.createTarget', {url: 'about:blank', browserContextId});
        const {sessionId} = await this.send('Target.attachToTarget', {targetId, flatten: true});
        const page = {
            send: (method, params) => this.send(method, params, sessionId),
            // The value of an expression, awaited where it is a promise.
            evaluate: async (expression) => {
                const {result, exceptionDetails} = await page.send('Runtime.evaluate', {
                    expression,
                    awaitPromise: true,
                    returnByValue: true,
                });
                if (exceptionDetails) {
                    const {text, exception} = exceptionDetails;
                    throw new Error(`in the page: ${exception?.description ?? text}`);
                }
                return result.value;
            },
        };
        if (script) {
            await page.send('Page.enable');
            await page.send('Page.addScriptToEvaluateOnNewDocument', {source: script});
        }
        await page.send('Page.navigate', {url});
        return page;
    }

    send(method, params = {}, sessionId) {
        const id = ++this.last;
        const answer = new Promise((resolve, reject) => this.calls.set(id, {resolve, reject}));
        this.socket.send(JSON.stringify({id, method, params, sessionId}));
        return within(method, answer, seconds(30));
    }

    #take({id, result, error}) {
        const call = this.calls.get(id);
        if (!call) return; // an event
        this.calls.delete(id);
        if (error) call.reject(new Error(error.message));
        else call.resolve(result);
    }
}
