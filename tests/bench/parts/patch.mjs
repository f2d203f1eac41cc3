// PATCH of the title with a durable answer.
import {measureDurable} from '../lib/durable.mjs';

export const title = 'PATCH /api/v1/streams/{id}, durable';

export const run = (t, settings) =>
    measureDurable(t, settings, {
        script: 'wrk_patch.lua',
        sample: {
            method: 'PATCH',
            route: '/50',
            body: '{"title":"Protest live, changed 1000000000"}',
        },
        goal: 0.7,
    });
