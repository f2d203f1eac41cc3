// The host's OpenAPI document as a judge: what it says of every route, and whether answers keep to it.
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import assert from 'node:assert/strict';

export const isJson = (type) => /^application\/(json|[\w.-]+\+json)\b/.test(type);

const pointer = (...words) =>
    words.map((word) => `/${word.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export class Description {
    // Version 3.1, whose schemas are JSON Schema 2020-12.
    static async of(url) {
        const answer = await fetch(`${url}/openapi.json?openapi=3.1`);
        assert.equal(answer.status, 200);
        return new Description(await answer.json());
    }

    constructor(document) {
        this.document = document;
        this.ajv = new Ajv({strict: false, allErrors: true, validateFormats: true});
        formats(this.ajv);
        this.ajv.addSchema(document, 'document');
        this.validators = new Map();
    }

    // [{method, path, operation}], those that only read first, those that delete last.
    operations() {
        const order = ['get', 'post', 'put', 'patch', 'delete'];
        return Object.entries(this.document.paths)
            .flatMap(([path, methods]) =>
                Object.entries(methods).map(([method, operation]) => ({method, path, operation})),
            )
            .sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method));
    }

    resolved(schema) {
        if (!schema?.$ref) return schema;
        const name = schema.$ref.split('/').at(-1);
        return this.resolved(this.document.components.schemas[name]);
    }

    // Every body with one value wrong, in each way that its schema can name, as [property, body];
    // the values of its parts, too.
    *wrongBodies(schema, example) {
        for (const [name, reference] of Object.entries(this.resolved(schema)?.properties ?? {})) {
            const property = this.resolved(reference);
            for (const value of wrongValues(property)) yield [name, {...example, [name]: value}];
            const part = [example?.[name]].flat()[0];
            if (part === null || typeof part !== 'object') continue;
            const isList = Array.isArray(example[name]);
            for (const [, wrong] of this.wrongBodies(isList ? property.items : property, part)) {
                yield [name, {...example, [name]: isList ? [wrong] : wrong}];
            }
        }
    }

    // Throws where the answer {status, type, json} is none that the operation describes.
    check({method, path, operation}, {status, type, json}, sent) {
        const what = `${method} ${path} with ${sent} → ${status} ${type}`;
        const key = operation.responses[status] ? String(status) : 'default';
        const {content} = operation.responses[key];
        if (!content) return assert.equal(type, '', `${what}: no body is described`);
        const [media] = type.split(';');
        assert.ok(content[media], `${what}: described are ${Object.keys(content)}`);
        if (!isJson(media)) return;
        const errors = this.#errors(
            pointer('paths', path, method, 'responses', key, 'content', media, 'schema'),
            json,
        );
        assert.equal(errors, '', `${what}: ${JSON.stringify(json)}`);
    }

    #errors(place, value) {
        if (!this.validators.has(place)) {
            this.validators.set(place, this.ajv.compile({$ref: `document#${place}`}));
        }
        const validate = this.validators.get(place);
        return validate(value) ? '' : this.ajv.errorsText(validate.errors);
    }
}

// Every value that the schema of a body's property rules out, in some way.
export function* wrongValues(schema) {
    const types = [schema.type].flat();
    const samples = {
        string: 'text',
        integer: 7,
        number: 1.5,
        boolean: true,
        array: ['x'],
        object: {x: 1},
        null: null,
    };
    for (const [type, sample] of Object.entries(samples)) {
        if (!schema.type || types.includes(type)) continue;
        if (type === 'integer' && types.includes('number')) continue;
        yield sample;
    }
    if (schema.maxLength) yield 'x'.repeat(schema.maxLength + 1);
    if (schema.minLength) yield '';
    if (schema.enum) yield 'no such word';
    if (schema.minimum !== undefined) yield schema.minimum - 1;
    if (schema.maximum !== undefined) yield schema.maximum + 1;
    if (schema.format === 'date-time') yield 'yesterday';
    if (schema.format === 'email') yield 'nobody';
    if (schema.format === 'uri') {
        yield* ['javascript:alert(1)', 'file:///etc/passwd', 'http://', 'http://a b/'];
    }
    if (schema.maxItems) yield Array(schema.maxItems + 1).fill('x');
}

// Bodies that no operation takes, as bytes.
export const wrongBodies = [
    '',
    '{',
    'null',
    '5',
    '"text"',
    '{"a":1,"a":2}',
    '{"a":"\\u0000"}',
    '{"a":1e400}',
    '{"a":9223372036854775808}',
    `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
    Buffer.from('{"a":"\xff"}', 'latin1'),
];

export const wrongIds = ['0', '-1', 'x', '1.5', '9007199254740992', '%00', "1'--", '01'];
