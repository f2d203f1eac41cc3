// One stream in the table, and its editor while there is one.
import {copyOf} from './dom.mjs';
import {Editor} from './editor.mjs';

const statusWords = {
    live: 'Live',
    offline: 'Offline',
    checking: 'Checking',
    error: 'Error',
    unknown: 'Unknown',
};
const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', {numeric: 'auto'});
const absolute = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});

function ago(time) {
    const passed = (time - Date.now()) / 1000;
    const [unit, size] = units.find(([, seconds]) => Math.abs(passed) >= seconds) ?? ['second', 1];
    if (unit === 'second') return 'just now';
    return relative.format(Math.round(passed / size), unit);
}

// What a person calls the stream.
export const nameOf = ({title, url}) => title || url;

export class Row {
    #editor;
    #hooks;

    // `hooks`: mayChange(record), act(action, row), save(base, changes), current(id), saved(record).
    constructor(record, hooks) {
        this.#hooks = hooks;
        this.element = copyOf('row');
        this.element.addEventListener('click', (event) => this.#clicked(event));
        this.#render(record);
    }

    get elements() {
        return this.#editor ? [this.element, this.#editor.element] : [this.element];
    }
    get isOpen() {
        return this.#editor !== undefined;
    }

    // An older state than the one that is shown is news from before.
    show(record) {
        if (record.version <= this.record.version) return;
        this.#render(record);
        this.#editor?.rebase(record);
    }

    tick() {
        const time = new Date(this.record.updated_at);
        const element = this.element.querySelector('time');
        element.textContent = ago(time);
        element.title = absolute.format(time);
    }

    edit(field) {
        if (!this.#editor) {
            this.#editor = new Editor(this.record, {
                save: this.#hooks.save,
                current: this.#hooks.current,
                closed: (record) => this.#close(record),
            });
            this.element.after(this.#editor.element);
            this.#button('edit').setAttribute('aria-expanded', 'true');
        }
        this.#editor.focus(field);
    }

    remove() {
        for (const element of this.elements) element.remove();
    }

    // Draws the eye to it.
    flash() {
        this.element.classList.remove('flash');
        this.element.scrollIntoView({block: 'nearest'});
        requestAnimationFrame(() => this.element.classList.add('flash'));
    }

    #button(action) {
        return this.element.querySelector(`[data-action=${action}]`);
    }

    #close(record) {
        this.#editor.element.remove();
        this.#editor = undefined;
        const button = this.#button('edit');
        button.setAttribute('aria-expanded', 'false');
        button.focus();
        if (record) this.#hooks.saved(record);
    }

    #clicked({target}) {
        const {action} = target.closest('[data-action]')?.dataset ?? {};
        if (action === 'edit') {
            if (this.#editor) this.#close();
            else this.edit();
            return;
        }
        if (action) {
            this.#hooks.act(action, this);
            return;
        }
        const {field} = target.closest('[data-field]')?.dataset ?? {};
        const isReading = target.closest('a') || !getSelection().isCollapsed;
        if (field && !isReading && this.#hooks.mayChange(this.record)) this.edit(field);
    }

    #render(record) {
        this.record = record;
        const {element} = this;
        const cell = (name) => element.querySelector(`[data-cell=${name}]`);
        element.dataset.id = record.id;
        element.dataset.status = record.status;
        element.classList.toggle('archived', record.archived);
        cell('status').querySelector('.status').textContent = statusWords[record.status] ?? record.status;
        cell('stream').querySelector('.title').textContent = nameOf(record);
        this.#renderUrl(record.url);
        cell('place').textContent = [record.city, record.state].filter(Boolean).join(', ');
        cell('platform').textContent = record.platform;
        cell('notes').textContent = record.notes ?? '';
        cell('changed').querySelector('time').dateTime = record.updated_at;
        this.tick();
        const name = nameOf(record);
        const pin = this.#button('pin');
        pin.setAttribute('aria-pressed', String(record.pinned));
        pin.title = record.pinned ? 'Pinned: click to unpin' : 'Pin';
        this.#button('archive').textContent = record.archived ? 'Restore' : 'Archive';
        for (const action of ['pin', 'edit', 'archive', 'remove']) {
            const button = this.#button(action);
            button.setAttribute('aria-label', `${button.textContent.trim()} ${name}`);
        }
        const isMine = this.#hooks.mayChange(record);
        for (const button of [this.#button('edit'), this.#button('remove')]) {
            button.disabled = !isMine;
            button.title = isMine ? '' : 'Only its owner or an administrator may do this';
        }
    }

    // A link only where it is one: whatever else stands there is shown, and leads nowhere.
    #renderUrl(url) {
        const link = this.element.querySelector('.url');
        link.textContent = url;
        if (/^https?:\/\//i.test(url)) link.href = url;
        else link.removeAttribute('href');
    }
}
