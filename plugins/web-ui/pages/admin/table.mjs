// The rows, one for each stream that is listed.
import {Row} from './row.mjs';

export class Table {
    #element;
    #body;
    #hooks;
    #rows = new Map();

    constructor(element, hooks) {
        this.#element = element;
        this.#body = element.tBodies[0];
        this.#hooks = hooks;
        setInterval(() => this.#rows.forEach((row) => row.tick()), 30_000);
    }

    set isBusy(busy) {
        this.#element.setAttribute('aria-busy', String(busy));
    }

    // These, in this order. A row that is being edited stays, whatever the list says.
    show(records) {
        const listed = new Set(records.map(({id}) => id));
        for (const [id, row] of this.#rows) if (!listed.has(id) && !row.isOpen) this.remove(id);
        const focused = document.activeElement;
        let next = this.#body.firstElementChild;
        for (const record of records) {
            const row = this.#rows.get(record.id);
            if (row) row.show(record);
            else this.#rows.set(record.id, new Row(record, this.#hooks));
            for (const element of this.#rows.get(record.id).elements) {
                if (element === next) next = next.nextElementSibling;
                else this.#body.insertBefore(element, next);
            }
        }
        // What is moved loses the focus.
        if (focused !== document.activeElement && focused.isConnected) {
            focused.focus({preventScroll: true});
        }
    }

    // What became of a stream; those that are not listed are of no interest here.
    update(record) {
        this.#rows.get(record.id)?.show(record);
    }

    remove(id) {
        this.#rows.get(id)?.remove();
        this.#rows.delete(id);
    }

    flash(id) {
        this.#rows.get(id)?.flash();
    }
}
