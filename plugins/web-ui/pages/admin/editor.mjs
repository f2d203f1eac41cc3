// The form beneath a row in which one stream is edited. It knows what the stream said when the form
// was filled; what others change meanwhile comes in beside what is being typed.
import {clearErrors, copyOf, option, say, showErrors} from './dom.mjs';
import {changesOf, fields, textsOf} from './fields.mjs';
import {merge} from './merge.mjs';

let made = 0;

export class Editor {
    #base;
    #form;
    #hooks;
    #fields = new Map();

    // `hooks`: save(base, changes) → the new record, current(id) → the record as it is now,
    // closed(record) when it is over, with the new record where something was saved.
    constructor(record, hooks) {
        this.#base = record;
        this.#hooks = hooks;
        this.element = copyOf('editor');
        this.#form = this.element.querySelector('form');
        made += 1;
        const texts = textsOf(record);
        for (const field of fields) this.#add(field, texts[field.name]);
        this.#form.addEventListener('submit', (event) => {
            event.preventDefault();
            this.#save();
        });
        this.#form.addEventListener('keydown', ({key}) => key === 'Escape' && this.#hooks.closed());
        this.#form
            .querySelector('[data-action=cancel]')
            .addEventListener('click', () => this.#hooks.closed());
    }

    focus(name) {
        this.#fields.get(name ?? 'title').input.focus();
    }

    // The stream was changed elsewhere: takes what I left alone, and shows both where we disagree.
    rebase(record) {
        if (record.version <= this.#base.version) return;
        const theirs = textsOf(record);
        const {texts, taken, conflicts} = merge(textsOf(this.#base), this.#texts(), theirs);
        this.#base = record;
        for (const [name, {input}] of this.#fields) {
            if (input.value !== texts[name]) input.value = texts[name];
        }
        for (const name of conflicts) this.#showConflict(name, theirs[name]);
        if (taken.length + conflicts.length === 0) return;
        const labels = (names) => names.map((name) => this.#fields.get(name).label).join(', ');
        const parts = ['Somebody else has changed this stream.'];
        if (taken.length > 0) parts.push(`Taken over: ${labels(taken)}.`);
        if (conflicts.length > 0) {
            parts.push(`You both changed: ${labels(conflicts)}. Saving keeps yours.`);
        }
        say(this.#form.querySelector('.changed'), parts.join(' '));
    }

    #add(field, text) {
        const place = copyOf('field');
        const input = inputFor(field, text);
        const label = place.querySelector('label');
        const error = place.querySelector('.error');
        const conflict = place.querySelector('.conflict');
        input.id = `edit-${made}-${field.name}`;
        input.name = field.name;
        label.htmlFor = input.id;
        label.textContent = field.label;
        error.id = `${input.id}-error`;
        error.dataset.errorOf = field.name;
        conflict.id = `${input.id}-conflict`;
        input.setAttribute('aria-describedby', `${error.id} ${conflict.id}`);
        conflict.querySelector('button').addEventListener('click', () => {
            input.value = conflict.querySelector('q').textContent;
            conflict.hidden = true;
            input.focus();
        });
        label.after(input);
        place.classList.toggle('wide', field.wide === true);
        this.#form.querySelector('.fields').append(place);
        this.#fields.set(field.name, {input, conflict, label: field.label});
    }

    #texts() {
        return Object.fromEntries([...this.#fields].map(([name, {input}]) => [name, input.value]));
    }

    #showConflict(name, text) {
        const {conflict} = this.#fields.get(name);
        conflict.querySelector('q').textContent = text;
        conflict.hidden = false;
    }

    async #save() {
        clearErrors(this.#form);
        const changes = changesOf(this.#base, this.#texts());
        if (Object.keys(changes).length === 0) return this.#hooks.closed();
        const button = this.#form.querySelector('.main');
        button.disabled = true;
        try {
            this.#hooks.closed(await this.#hooks.save(this.#base, changes));
        } catch (problem) {
            await this.#show(problem);
        }
        button.disabled = false;
        return undefined;
    }

    async #show(problem) {
        let shown = problem;
        if (problem.status === 412) {
            try {
                return this.rebase(await this.#hooks.current(this.#base.id));
            } catch (another) {
                shown = another;
            }
        }
        this.#form.querySelector('[data-error-of=""]').textContent = showErrors(this.#form, shown);
        return undefined;
    }
}

function inputFor({choices, isLong}, text) {
    const input = document.createElement(choices ? 'select' : isLong ? 'textarea' : 'input');
    if (choices) {
        const offered = choices.includes(text) ? choices : [...choices, text];
        input.append(...offered.map((value) => option(value, value || 'none')));
    } else {
        input.autocomplete = 'off';
    }
    if (isLong) input.rows = 3;
    input.value = text;
    return input;
}
