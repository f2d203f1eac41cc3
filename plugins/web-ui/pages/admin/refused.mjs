// Who is logged in and may not come in: says who that is, and logs out.
import {Api} from './api.mjs';
import {byId, say} from './dom.mjs';

const api = new Api();

async function attempt(action) {
    try {
        await action();
    } catch (problem) {
        if (problem.status === 401) location.replace(`/admin/login${location.search}`);
        else say(byId('problem'), problem.message);
    }
}

byId('log-out').addEventListener('click', () =>
    attempt(async () => {
        await api.logOut();
        location.replace('/admin/login');
    }),
);

attempt(async () => {
    const {email, role} = await api.session();
    const whom = `You are logged in as ${email}, role ${role}.`;
    say(byId('who'), `${whom} An administrator can give you another one.`);
});
