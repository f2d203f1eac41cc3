// A client that nobody here wrote: a stock generator makes types from /openapi.json, TypeScript checks
// a program against them, and the program runs against the host.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {copyFileSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test, {after} from 'node:test';
import openapiTS, {astToString} from 'openapi-typescript';
import ts from 'typescript';
import {Host, apiKey} from './lib/host.mjs';
import {scratchFolder} from './lib/processes.mjs';

const host = await Host.start({after}, {dataDir: scratchFolder({after})});
const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = scratchFolder({after});
symlinkSync(path.join(here, 'node_modules'), path.join(folder, 'node_modules'));
writeFileSync(path.join(folder, 'package.json'), JSON.stringify({type: 'module'}));
const program = path.join(folder, 'generated.ts');
copyFileSync(path.join(here, 'clients/generated.ts'), program);

const options = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: false,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    skipLibCheck: true,
};

// What the compiler complains of, as "file:line message".
function complaints(file, emits = false) {
    const compiled = ts.createProgram([file], {...options, noEmit: !emits});
    const found = ts.getPreEmitDiagnostics(compiled);
    if (emits) compiled.emit();
    return found.map(({file: where, start, messageText}) => {
        const line = where ? where.getLineAndCharacterOfPosition(start).line + 1 : 0;
        const name = where ? path.basename(where.fileName) : '';
        return `${name}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}

for (const version of ['3.0', '3.1']) {
    test(`types made from the description ${version} fit a program, which works`, async () => {
        const answer = await fetch(`${host.url}/openapi.json?openapi=${version}`);
        const types = astToString(await openapiTS(await answer.json()));
        writeFileSync(path.join(folder, 'schema.ts'), types);
        assert.deepEqual(complaints(program, true), []);
        if (version !== '3.0') return;
        const {stdout} = await run(process.execPath, [path.join(folder, 'generated.js')], {
            env: {...process.env, HOST_URL: host.url, HOST_KEY: apiKey},
        });
        assert.deepEqual(JSON.parse(stdout), {
            streams: {
                made: 'made',
                known: 200,
                listed: ['https://kick.com/generated'],
                total: 1,
                changed: ['changed', 2],
                stale: 412,
                refused: [422, 'url'],
                gone: 404,
            },
            others: {
                message: ['created'],
                wall: [1, 1],
                layout: [true, 1],
                role: 'viewer',
                letters: 0,
                events: ['wall.created'],
            },
        });
    });
}

test('the types keep a program from what the host would refuse', () => {
    const wrong = [
        ["body: {url: 'https://kick.com/generated',", 'body: {uri: 5,'],
        ["status: 'live', labels", "status: 'lively', labels"],
        ["'/api/v1/dead_letters'", "'/api/v1/deadletters'"],
        ["rows: 1, cells: [{space: 1, pin: 1}]", "rows: '1', cells: [{pin: 1}]"],
    ];
    const right = readFileSync(program, 'utf8');
    for (const [from, to] of wrong) {
        assert.ok(right.includes(from), from);
        const file = path.join(folder, 'wrong.ts');
        writeFileSync(file, right.replace(from, to));
        assert.notDeepEqual(complaints(file), [], to);
    }
});
