// The peer of part `rest`: streams over HTTP as a Node.js developer would write them, with Fastify,
// pg and fast-jwt. Records live in the same kind of PostgreSQL as the host's; answers have the same
// members. A token is checked and its user looked up on each request; changes are told to nobody.
//
//   fastify.mjs PORT DATABASE_URL JWT_SECRET STREAMS     makes its tables, fills them, and listens
import {createVerifier} from 'fast-jwt';
import Fastify from 'fastify';
import pg from 'pg';

const [port, connectionString, secret, streams] = process.argv.slice(2);

// Counts and ids are numbers; times stay the text that the database makes of them.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text);

const fields = ['url', 'title', 'status', 'platform', 'city', 'state', 'notes', 'viewer_count'];
const columns = ['id', ...fields, 'pinned', 'archived'];
const iso = (name) =>
    `to_char(${name} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${name}`;
const shown = [...columns, iso('created_at'), iso('updated_at'), 'version'].join(', ');

const schema = `
    create table users (id bigserial primary key, email text not null unique, role text not null);
    insert into users (email, role) values ('bench@example.org', 'admin');
    create table streams (
        id bigserial primary key, url text not null, title text, status text not null default 'unknown',
        platform text, city text, state text, notes text, viewer_count bigint,
        pinned boolean not null default false, archived boolean not null default false,
        created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
        version bigint not null default 1);
    create unique index streams_url on streams (url) where not archived;
    create index streams_status on streams (status);
    create index streams_newest on streams (pinned desc, created_at desc, id desc);`;

const pool = new pg.Pool({connectionString, max: 10});
pool.on('error', (error) => {
    process.stderr.write(`postgres: ${error.message}\n`);
});

// Each text is prepared once on each connection.
const names = new Map();
async function rows(text, values = []) {
    if (!names.has(text)) names.set(text, `q${names.size}`);
    return (await pool.query({name: names.get(text), text, values})).rows;
}

async function fill(count) {
    await pool.query(schema);
    await pool.query(
        `insert into streams (url, title, city, state, notes)
         select 'https://twitch.tv/channel_' || n, 'Protest live, camera ' || n, 'Seattle', 'WA',
                'A note about this stream that is neither long nor short'
         from generate_series(1, $1::int) n`,
        [count],
    );
    await pool.query('analyze');
}

const verify = createVerifier({key: secret, algorithms: ['HS256'], cache: false});
const nullable = (type) => ({type, nullable: true});
const text = nullable('string');
const stream = {
    type: 'object',
    properties: {
        id: {type: 'integer'},
        ...Object.fromEntries(fields.map((name) => [name, text])),
        viewer_count: nullable('integer'),
        pinned: {type: 'boolean'},
        archived: {type: 'boolean'},
        created_at: text,
        updated_at: text,
        version: {type: 'integer'},
    },
};
const meta = {
    type: 'object',
    properties: Object.fromEntries(
        ['current_page', 'total_pages', 'total_count', 'per_page'].map((name) => [name, {type: 'integer'}]),
    ),
};
const page = {type: 'object', properties: {streams: {type: 'array', items: stream}, meta}};
const changes = {
    type: 'object',
    additionalProperties: false,
    properties: {
        url: {type: 'string', pattern: '^https?://[^\\s]+$', maxLength: 2048},
        title: {...text, maxLength: 500},
        status: {enum: ['live', 'offline', 'unknown']},
        platform: text,
        city: text,
        state: text,
        notes: text,
        viewer_count: {...nullable('integer'), minimum: 0},
    },
};
const answers = (answer, body) => ({
    schema: {...(body && {body}), response: {200: answer, 201: answer}},
});

const app = Fastify();

app.addHook('onRequest', async (request, reply) => {
    try {
        const {user_id: id} = verify((request.headers.authorization ?? '').replace(/^Bearer /, ''));
        [request.user] = await rows('select id, role from users where id = $1', [id]);
    } catch {
        request.user = undefined;
    }
    if (!request.user) return reply.code(401).send({error: 'Unauthorized'});
});

app.get('/api/v1/streams', answers(page), async ({query}) => {
    const number = Math.max(1, Number(query.page ?? 1));
    const size = Math.min(100, Number(query.per_page ?? 25));
    const [found, [{count}]] = await Promise.all([
        rows(
            `select ${shown} from streams where not archived
             order by pinned desc, streams.created_at desc, id desc limit $1 offset $2`,
            [size, (number - 1) * size],
        ),
        rows('select count(*) from streams where not archived'),
    ]);
    return {
        streams: found,
        meta: {
            current_page: number,
            total_pages: Math.ceil(count / size),
            total_count: count,
            per_page: size,
        },
    };
});

app.get('/api/v1/streams/:id', answers(stream), async ({params}, reply) => {
    const [found] = await rows(`select ${shown} from streams where id = $1`, [params.id]);
    return found ?? reply.code(404).send({error: 'Not found'});
});

app.post(
    '/api/v1/streams',
    answers(stream, {...changes, required: ['url']}),
    async ({body}, reply) => {
        const given = Object.keys(body);
        const places = given.map((_, index) => `$${index + 1}`);
        const [made] = await rows(
            `insert into streams (${given.join(', ')}) values (${places.join(', ')}) returning ${shown}`,
            Object.values(body),
        );
        return reply.code(201).send(made);
    },
);

app.patch('/api/v1/streams/:id', answers(stream, changes), async ({params, body}, reply) => {
    const sets = Object.keys(body).map((name, index) => `${name} = $${index + 2}`);
    const [changed] = await rows(
        `update streams set ${sets.map((set) => `${set}, `).join('')}updated_at = now(), version = version + 1
         where id = $1 returning ${shown}`,
        [params.id, ...Object.values(body)],
    );
    return changed ?? reply.code(404).send({error: 'Not found'});
});

await fill(Number(streams));
await app.listen({port: Number(port), host: '127.0.0.1'});
