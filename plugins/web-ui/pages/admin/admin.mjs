// The list of streams for those who look after it: puts the parts together.
import {Api} from './api.mjs';
import {confirmed} from './confirm.mjs';
import {byId, clearErrors, option, say, showErrors} from './dom.mjs';
import {Filters, furtherOf, listQuery} from './filters.mjs';
import {Live} from './live.mjs';
import {paced} from './pace.mjs';
import {nameOf} from './row.mjs';
import {Table} from './table.mjs';

const perPage = [25, 50, 100];
const refreshGap = 1_000;

const api = new Api();
let user;
let query = listQuery(location.search);
let loads = 0;
let isListWrong = false;

// ---- What every answer may mean -----------------------------------------------------------------

const toLogIn = () => location.replace(`/admin/login${location.search}`);

function report(problem) {
    if (problem.status === 401) toLogIn();
    else say(byId('trouble'), problem.message);
}

// Something that a person asked for.
async function attempt(action) {
    say(byId('trouble'));
    try {
        await action();
    } catch (problem) {
        report(problem);
    }
}

// Whether there is a session still, and of the same rights.
async function mayStay() {
    try {
        const {role} = await api.session();
        if (role !== user.role) location.reload();
        return true;
    } catch (problem) {
        if (problem.status === 401) toLogIn();
        return problem.status !== 401;
    }
}

// ---- The list -----------------------------------------------------------------------------------

async function load({isQuiet = false} = {}) {
    const number = (loads += 1);
    table.isBusy = !isQuiet;
    try {
        const {streams, meta} = await api.streams(query);
        if (number !== loads) return undefined; // something newer was asked for
        const last = Math.max(1, meta.total_pages);
        if (meta.current_page > last) return goTo(withPage(last)); // what was there has gone
        table.show(streams);
        showPaging(meta);
        if (isListWrong) say(byId('trouble'));
        isListWrong = false;
    } catch (problem) {
        isListWrong = true;
        report(problem);
    }
    table.isBusy = false;
    return undefined;
}

const refresh = paced(refreshGap, () => load({isQuiet: true}));

function show(next) {
    query = next;
    filters.show(query);
    showOrder();
    return load();
}

function goTo(next) {
    const text = next.toString();
    history.pushState(null, '', text ? `/admin?${text}` : '/admin');
    return show(next);
}

function withPage(number) {
    const next = new URLSearchParams(query);
    if (number > 1) next.set('page', number);
    else next.delete('page');
    return next;
}

function showPaging({current_page: current, per_page: size, total_pages: all, total_count: total}) {
    const also = furtherOf(query).map(([name, value]) => `, ${name}: ${value}`).join('');
    const noun = total === 1 ? 'stream' : 'streams';
    byId('total').textContent = `${total.toLocaleString()} ${noun}${also}`;
    byId('empty').hidden = total > 0;
    byId('pages').hidden = total === 0;
    byId('place').textContent = `Page ${current.toLocaleString()} of ${all.toLocaleString()}`;
    byId('per-page').value = size;
    for (const [relation, number] of [['prev', current - 1], ['next', current + 1]]) {
        const link = byId('pages').querySelector(`[rel=${relation}]`);
        if (number >= 1 && number <= all) link.href = `/admin?${withPage(number)}`;
        else link.removeAttribute('href');
    }
}

function showOrder() {
    const [sort, direction] = filters.order;
    for (const heading of document.querySelectorAll('th[data-sort]')) {
        const word = direction === 'desc' ? 'descending' : 'ascending';
        heading.setAttribute('aria-sort', heading.dataset.sort === sort ? word : 'none');
    }
}

// ---- What can be done to a stream ---------------------------------------------------------------

const actions = {
    async pin({record}) {
        table.update(await api.pin(record.id, !record.pinned));
        say(byId('notice'), `${record.pinned ? 'Unpinned' : 'Pinned'}: ${nameOf(record)}`);
    },
    async archive({record}) {
        table.update(await api.archive(record.id, !record.archived));
        say(byId('notice'), `${record.archived ? 'Restored' : 'Archived'}: ${nameOf(record)}`);
    },
    async remove(row) {
        const {record} = row;
        if (!(await confirmed(nameOf(record)))) return;
        try {
            await api.remove(record.id, record.version);
        } catch (problem) {
            if (problem.status !== 412) throw problem;
            row.show(await api.stream(record.id));
            row.flash();
            throw new Error('Not deleted: somebody else has just changed it. Look at it again.');
        }
        table.remove(record.id);
        byId('streams').focus();
        say(byId('notice'), `Deleted: ${nameOf(record)}`);
    },
};

async function add(event) {
    event.preventDefault();
    const form = event.target;
    clearErrors(form);
    say(byId('trouble'));
    try {
        const {stream, isNew} = await api.create({url: form.elements.url.value.trim()});
        form.reset();
        say(byId('notice'), `${isNew ? 'Added' : 'Already there'}: ${nameOf(stream)}`);
        if (isNew) await load();
        else await goTo(new URLSearchParams({url: stream.url}));
        table.flash(stream.id);
    } catch (problem) {
        if (problem.status === 401) toLogIn();
        else say(byId('trouble'), showErrors(form, problem));
    }
}

// ---- What others do -----------------------------------------------------------------------------

function take({action, stream, messages}) {
    if (action === 'batch') {
        messages.forEach(take);
        return;
    }
    if (action === 'deleted') table.remove(stream.id);
    else table.update(stream);
    refresh(); // what is listed, and in what order, is the server's to say
}

function showLink(state, text) {
    byId('live').dataset.state = state;
    byId('live').textContent = text;
}

// ---- Beginning ----------------------------------------------------------------------------------

const filters = new Filters(byId('filters'), () => goTo(filters.query()));
const table = new Table(byId('streams'), {
    mayChange: ({user_id: owner}) => user.role === 'admin' || owner === user.id,
    act: (action, row) => attempt(() => actions[action](row).finally(refresh)),
    save: (base, changes) => api.change(base.id, base.version, changes),
    current: (id) => api.stream(id),
    saved: (record) => {
        table.update(record);
        say(byId('notice'), `Saved: ${nameOf(record)}`);
        refresh();
    },
});

for (const heading of document.querySelectorAll('th[data-sort]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => {
        const [sort, direction] = filters.order;
        const isSame = sort === heading.dataset.sort;
        const isOver = isSame && direction === 'desc';
        filters.order = isOver ? [''] : [heading.dataset.sort, isSame ? 'desc' : 'asc'];
        goTo(filters.query());
    });
}
byId('per-page').append(...perPage.map((number) => option(number, number)));
byId('per-page').addEventListener('change', ({target}) => {
    const next = withPage(1);
    next.set('per_page', target.value);
    goTo(next);
});
byId('pages').addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(listQuery(new URL(link.href).search));
});
byId('add').addEventListener('submit', add);
byId('log-out').addEventListener('click', () => attempt(() => api.logOut().then(toLogIn)));
addEventListener('popstate', () => show(listQuery(location.search)));

await attempt(async () => {
    user = await api.session();
    byId('who').textContent = `${user.email} · ${user.role}`;
    new Live({channel: 'StreamsChannel', batch: true}, {
        joined: () => {
            showLink('open', 'Live');
            refresh();
        },
        left: () => showLink('closed', 'Reconnecting…'),
        message: take,
        mayReturn: mayStay,
    });
    await show(query);
});
