// Which streams are listed, and in what order: the form, and the page's own query, which says the same
// in the words of the REST interface, so that a link shows others the same list.
import {byId, option} from './dom.mjs';
import {platforms, statuses} from './fields.mjs';
import {settled} from './pace.mjs';

const orders = [
    ['', 'Pinned first, then newest'],
    ['created_at desc', 'Newest first'],
    ['created_at asc', 'Oldest first'],
    ['updated_at desc', 'Changed last'],
    ['updated_at asc', 'Changed longest ago'],
    ['title asc', 'Title, A to Z'],
    ['title desc', 'Title, Z to A'],
    ['status asc', 'Status, A to Z'],
    ['status desc', 'Status, Z to A'],
    ['platform asc', 'Platform, A to Z'],
    ['platform desc', 'Platform, Z to A'],
    ['city asc', 'City, A to Z'],
    ['city desc', 'City, Z to A'],
];
const choices = {
    platform: [['', 'Any'], ...platforms.map((name) => [name, name])],
    pinned: [['', 'Any'], ['true', 'Pinned'], ['false', 'Not pinned']],
    archived: [['', 'Not archived'], ['true', 'Archived'], ['true,false', 'All']],
    order: orders,
};
const texts = ['search', 'city', 'state'];
const plain = [...texts, 'platform', 'pinned', 'archived'];

// Without a field in the form: links may have them, and clearing the form ends them.
const further = [
    'url', 'kind', 'orientation', 'source', 'posted_by', 'external_id', 'user_id', 'streamer_id',
    'location_id', 'since', 'updated_since', 'notStatus',
];
const paging = ['page', 'per_page'];

// What of a query concerns the list.
export function listQuery(search) {
    const known = new Set([...plain, ...further, ...paging, 'status', 'sort', 'direction']);
    return new URLSearchParams([...new URLSearchParams(search)].filter(([name]) => known.has(name)));
}

// The filters of a query that the form does not show.
export const furtherOf = (query) => [...query].filter(([name]) => further.includes(name));

export class Filters {
    #form;
    #changed;
    #kept = new URLSearchParams();
    #told = '';

    // `changed()` runs when the form says something else than before.
    constructor(form, changed) {
        this.#form = form;
        this.#changed = changed;
        for (const [name, pairs] of Object.entries(choices)) {
            form.elements[name].replaceChildren(...pairs.map(([value, text]) => option(value, text)));
        }
        byId('statuses').replaceChildren(...statuses.map(chip));
        const soon = settled(250, () => this.#tell());
        form.addEventListener('submit', (event) => event.preventDefault());
        form.addEventListener('input', ({target}) => texts.includes(target.name) && soon());
        form.addEventListener('change', () => this.#tell());
        form.addEventListener('reset', (event) => {
            event.preventDefault();
            this.#fill(new URLSearchParams());
            this.#tell();
        });
    }

    show(query) {
        this.#fill(query);
        this.#told = this.query().toString();
    }

    // What the form says, from the first page on.
    query() {
        const query = new URLSearchParams();
        for (const name of plain) {
            const value = this.#form.elements[name].value.trim();
            if (value !== '') query.set(name, value);
        }
        const wanted = this.#boxes().filter(({checked}) => checked).map(({value}) => value);
        if (wanted.length > 0) query.set('status', wanted.join(','));
        const [sort, direction] = this.order;
        if (sort) {
            query.set('sort', sort);
            query.set('direction', direction);
        }
        for (const [name, value] of this.#kept) query.append(name, value);
        return query;
    }

    // [field, asc or desc], or [''].
    get order() {
        return this.#form.elements.order.value.split(' ');
    }
    set order([sort, direction]) {
        this.#set('order', sort ? `${sort} ${direction}` : '');
    }

    #tell() {
        if (this.query().toString() !== this.#told) this.#changed();
    }

    #fill(query) {
        this.#kept = new URLSearchParams([...query].filter(
            ([name]) => further.includes(name) || name === 'per_page'));
        for (const name of plain) this.#set(name, query.get(name) ?? '');
        const sort = query.get('sort');
        this.#set('order', sort ? `${sort} ${query.get('direction') ?? 'asc'}` : '');
        const wanted = (query.get('status') ?? '').split(',');
        for (const box of this.#boxes()) box.checked = wanted.includes(box.value);
    }

    #boxes() {
        return [...byId('statuses').querySelectorAll('input')];
    }

    // A link may ask for what the form does not offer, such as two platforms.
    #set(name, value) {
        const field = this.#form.elements[name];
        if (field.value.trim() === value) return; // who is typing goes on
        field.value = value;
        if (field.value === value || !(field instanceof HTMLSelectElement)) return;
        field.append(option(value, value));
        field.value = value;
    }
}

function chip(status) {
    const label = document.createElement('label');
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.name = 'status';
    box.value = status;
    label.append(box, status);
    label.className = 'chip';
    return label;
}
