// Somebody in front of the pages: sees what is shown, types and clicks as a browser's user does, once
// a page is loaded.
import assert from 'node:assert/strict';
import {until} from './wait.mjs';

export class Visitor {
    // `options` as Browser.open()'s.
    static async at(browser, url, options) {
        const visitor = new Visitor();
        visitor.page = await browser.open(url, {isApart: true, ...options});
        return visitor;
    }

    go(url) {
        return this.page.send('Page.navigate', {url});
    }

    // Calls a function in the page; it sees nothing but its arguments.
    run(action, ...args) {
        return this.page.evaluate(`(${action})(...${JSON.stringify(args)})`);
    }

    // Until `holds`, a function that runs in the page, says so.
    sees(what, holds, ...args) {
        return until(what, () => this.run(holds, ...args));
    }

    seesText(selector, text) {
        return this.sees(
            `${JSON.stringify(text)} in ${selector}`,
            (where, wanted) => {
                const element = document.querySelector(where);
                return element?.checkVisibility() && element.textContent.includes(wanted);
            },
            selector,
            text,
        );
    }

    seesPath(path) {
        return this.sees(
            `the address ${path}`,
            (wanted) => document.readyState === 'complete' && location.pathname + location.search === wanted,
            path,
        );
    }

    text(selector) {
        return this.run((where) => document.querySelector(where).textContent.trim(), selector);
    }

    // The middle of what is there and can be clicked, once it is.
    async click(selector) {
        const spot = await this.sees(
            `${selector} to click`,
            (where) => {
                const element = document.querySelector(where);
                if (document.readyState !== 'complete') return undefined;
                if (!element?.checkVisibility() || element.disabled) return undefined;
                element.scrollIntoView({block: 'center'});
                const {x, y, width, height} = element.getBoundingClientRect();
                const middle = {x: x + width / 2, y: y + height / 2};
                const top = document.elementFromPoint(middle.x, middle.y);
                return element.contains(top) || top?.contains(element) ? middle : undefined;
            },
            selector,
        );
        for (const type of ['mousePressed', 'mouseReleased']) {
            await this.page.send('Input.dispatchMouseEvent', {type, ...spot, button: 'left', clickCount: 1});
        }
    }

    // Replaces what the field says.
    async type(selector, text) {
        await this.sees(
            `${selector} to type in`,
            (where) => {
                const field = document.querySelector(where);
                if (document.readyState !== 'complete' || !field?.checkVisibility()) return false;
                field.focus();
                field.select();
                return document.activeElement === field;
            },
            selector,
        );
        if (text === '') await this.press('Delete');
        else await this.page.send('Input.insertText', {text});
    }

    // A key that is no letter, such as Enter, Escape, Tab, Delete.
    async press(key) {
        const code = {Enter: 13, Escape: 27, Tab: 9, Delete: 46, ' ': 32}[key];
        assert.ok(code, `no key ${key}`);
        const text = {Enter: '\r', ' ': ' '}[key];
        const event = {key, code: key === ' ' ? 'Space' : key, windowsVirtualKeyCode: code};
        await this.page.send('Input.dispatchKeyEvent', {type: 'keyDown', text, ...event});
        await this.page.send('Input.dispatchKeyEvent', {type: 'keyUp', ...event});
    }

    async choose(selector, value) {
        await this.sees(
            `${selector} with ${value}`,
            (where, wanted) => {
                const field = document.querySelector(where);
                field.value = wanted;
                field.dispatchEvent(new Event('change', {bubbles: true}));
                return field.value === wanted;
            },
            selector,
            value,
        );
    }

    // The cookies of the page, those that no script may read included.
    async cookies() {
        const {cookies} = await this.page.send('Network.getCookies');
        return cookies;
    }
}
