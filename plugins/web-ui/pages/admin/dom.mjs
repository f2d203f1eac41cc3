// Small helpers around the document. Text goes in as text alone.

export const byId = (id) => document.getElementById(id);

// A copy of the first element of a template.
export const copyOf = (template) => byId(template).content.firstElementChild.cloneNode(true);

// Shows a text, or hides the element where there is none.
export function say(element, text = '') {
    element.textContent = text;
    element.hidden = text === '';
}

export function option(value, text) {
    const element = document.createElement('option');
    element.value = value;
    element.textContent = text;
    return element;
}

// Writes each error of a Problem at its field: into the element [data-error-of=FIELD] of `form`.
// What belongs to no field that is shown is returned as one text.
export function showErrors(form, problem) {
    clearErrors(form);
    const rest = [];
    for (const {field, message} of problem.errors) {
        const place = form.querySelector(`[data-error-of="${CSS.escape(field)}"]`);
        if (!place || field === '') {
            rest.push(`${field} ${message}`);
            continue;
        }
        place.textContent = message;
        form.elements[field]?.setAttribute('aria-invalid', 'true');
    }
    form.querySelector('[aria-invalid]')?.focus();
    return problem.errors.length === 0 ? problem.message : rest.join('; ');
}

export function clearErrors(form) {
    for (const place of form.querySelectorAll('[data-error-of]')) place.textContent = '';
    for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}
