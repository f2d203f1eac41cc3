// The log-in: begins a session that the browser keeps in a cookie which no script can read.
import {Api, Problem} from './api.mjs';
import {byId, clearErrors, say, showErrors} from './dom.mjs';

const api = new Api();
const form = byId('log-in');
const problem = byId('problem');

// What is not filled in need not be asked about.
function checkFilled() {
    const empty = [...form.querySelectorAll('[required]')].filter(({value}) => value === '');
    const errors = empty.map(({name}) => ({field: name, message: 'is needed'}));
    if (errors.length > 0) throw new Problem(422, {errors});
}

form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    clearErrors(form);
    say(problem);
    try {
        checkFilled();
        await api.logIn(form.elements.email.value, form.elements.password.value);
        // The query is that of the page which was asked for.
        location.replace(`/admin${location.search}`);
    } catch (refusal) {
        button.disabled = false;
        form.elements.password.value = '';
        form.elements.password.focus();
        say(problem, showErrors(form, refusal)); // goes to the field that is wrong
    }
});
