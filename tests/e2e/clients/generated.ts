// A program that somebody else could have written: against types that a stock generator made from
// /openapi.json, with a stock client. generated_client.mjs compiles and runs it.
import createClient from 'openapi-fetch';
import type {components, paths} from './schema';

declare const process: {env: Record<string, string | undefined>; exitCode: number};

type Stream = components['schemas']['Stream'];
type Problem = components['schemas']['Problem'];

const client = createClient<paths>({
    baseUrl: process.env.HOST_URL ?? '',
    headers: {Authorization: `Bearer ${process.env.HOST_KEY}`},
});

// What was answered, or an end of it all.
function good<T>(answer: {data?: T; error?: unknown; response: Response}): T {
    if (answer.data === undefined)
        throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
    return answer.data;
}

async function streams(): Promise<Record<string, unknown>> {
    const made: Stream = good(
        await client.POST('/api/v1/streams', {
            body: {url: 'https://kick.com/generated', title: 'made', status: 'live', labels: ['a']},
        }),
    );
    const known = await client.POST('/api/v1/streams', {body: {url: made.url}});
    const list = good(
        await client.GET('/api/v1/streams', {params: {query: {status: 'live', per_page: 5}}}),
    );
    const path = {id: made.id};
    const changed = good(
        await client.PATCH('/api/v1/streams/{id}', {
            params: {path, header: {'If-Match': `"${made.version}"`}},
            body: {title: 'changed', orientation: 'vertical'},
        }),
    );
    const stale = await client.PATCH('/api/v1/streams/{id}', {
        params: {path, header: {'If-Match': `"${made.version}"`}},
        body: {title: 'lost'},
    });
    const refused = await client.POST('/api/v1/streams', {body: {url: 'ftp://example.com'}});
    const problem: Problem | undefined = refused.error;
    await client.DELETE('/api/v1/streams/{id}', {params: {path}});
    const gone = await client.GET('/api/v1/streams/{id}', {params: {path}});
    return {
        made: made.title,
        known: known.response.status,
        listed: list.streams?.map(({url}) => url),
        total: list.meta?.total_count,
        changed: [changed.title, changed.version],
        stale: stale.response.status,
        refused: [refused.response.status, problem?.errors?.[0]?.field],
        gone: gone.response.status,
    };
}

async function others(): Promise<Record<string, unknown>> {
    const {results} = good(
        await client.POST('/api/v1/messages', {body: {text: 'kick.com/by-message', author: 'ann'}}),
    );
    const wall = good(
        await client.POST('/api/v1/walls', {
            body: {name: 'Generated', columns: 2, rows: 1, cells: [{space: 1, pin: 1}]},
        }),
    );
    const layout = good(
        await client.POST('/api/v1/walls/{wall_id}/layouts', {
            params: {path: {wall_id: wall.id}},
            body: {name: 'Saved', cells: wall.cells},
        }),
    );
    const session = good(
        await client.POST('/api/v1/users/signup', {
            body: {email: 'generated@example.com', password: 'Correct-horse-1'},
        }),
    );
    const letters = good(await client.GET('/api/v1/dead_letters'));
    const events = good(
        await client.GET('/api/v1/events', {params: {query: {types: 'wall.*', limit: '10'}}}),
    );
    if (typeof events === 'string') throw new Error('nobody asked for a stream');
    return {
        message: results.map(({outcome}) => outcome),
        wall: [wall.version, wall.cells?.[0]?.space],
        layout: [layout.wall_id === wall.id, layout.cells?.length],
        role: session.user?.role,
        letters: letters.dead_letters?.length,
        events: events.events.map(({type}) => type),
    };
}

async function main(): Promise<void> {
    console.log(JSON.stringify({streams: await streams(), others: await others()}));
}

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});
