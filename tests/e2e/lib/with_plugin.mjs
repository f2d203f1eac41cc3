// A configuration that ships, with a plugin more: one that is built for the tests alone.
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {binary} from './host.mjs';
import {scratchFolder} from './processes.mjs';
import {chosenTopology, startTopology} from './topology.mjs';

const root = new URL('../../../', import.meta.url);

// The text of a configuration where each node that runs `known` runs `plugin`, too.
function besideOf(text, known, plugin) {
    const listed = new RegExp(`^( *- )${known}$`, 'm');
    if (listed.test(text)) return text.replace(listed, (line, dash) => `${line}\n${dash}${plugin}`);
    return text.replace(new RegExp(`(?<=[[ ]${known})(?=[\\],])`), `, ${plugin}`);
}

// The chosen topology, where the plugin stands beside the records. `listening` are further ones, with
// their settings, that stand beside the hub.
export async function startWithPlugin(t, plugin, {listening = {}, ...options} = {}) {
    const shipped = readFileSync(new URL(`config/${chosenTopology}.yaml`, root), 'utf8');
    let text = besideOf(shipped, 'collaboration', plugin);
    for (const [name, settings] of Object.entries(listening)) {
        text = besideOf(text, 'websocket-hub', name);
        text = text.replace(/^plugins:$/m, `plugins:\n  ${name}: ${JSON.stringify(settings)}\n`);
    }
    const config = path.join(scratchFolder(t), `${chosenTopology}.yaml`);
    writeFileSync(config, text);
    const plugins = path.join(path.dirname(binary), '../tests/plugins');
    return startTopology(t, chosenTopology, {
        ...options,
        config,
        env: {...options.env, STREAMWALL_PLUGIN_PATH: plugins},
    });
}

// Clients of the system's first and last listener; in one process these are the same.
export function twoHubs(host) {
    const hubs = host.listeners();
    return [hubs[0], hubs.at(-1)];
}
