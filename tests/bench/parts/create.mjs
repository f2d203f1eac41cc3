// POST of a new stream with a durable answer.
import {measureDurable} from '../lib/durable.mjs';

export const title = 'POST /api/v1/streams, durable';

export const run = (t, settings) =>
    measureDurable(t, settings, {
        script: 'wrk_create.lua',
        sample: {
            method: 'POST',
            route: '',
            body: '{"url":"https://twitch.tv/sample_1000000000_1000000","title":"Protest live, camera 1000000"}',
        },
        goal: 0.7,
    });
