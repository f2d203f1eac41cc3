// A configuration that ships, with a plugin more: one that is built for the tests alone.
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {binary} from './host.mjs';
import {scratchFolder} from './processes.mjs';
import {chosenTopology, startTopology} from './topology.mjs';

const root = new URL('../../../', import.meta.url);

// The chosen topology, where the plugin stands beside the records.
export async function startWithPlugin(t, plugin, options = {}) {
    const text = readFileSync(new URL(`config/${chosenTopology}.yaml`, root), 'utf8');
    const config = path.join(scratchFolder(t), `${chosenTopology}.yaml`);
    const beside = /(?<=\bcollaboration)(?=[\],\n])/;
    const more = text.includes('- collaboration\n') ? `\n      - ${plugin}` : `, ${plugin}`;
    writeFileSync(config, text.replace(beside, more));
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
