// Medians, and the lines of the report.

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// The median of one member of many results.
export const medianOf = (results, member) => median(results.map((result) => result[member]));

// How far apart the results are, as a share of their median.
export function spread(values) {
    const middle = median(values);
    return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / middle;
}

export function rounded(value) {
    if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
    if (Math.abs(value) >= 100) return value.toFixed(0);
    return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

// Runs `sides` in turn, each `rounds` times (A B A B …), and returns the results of each.
export async function alternate(rounds, sides) {
    const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
        for (const [name, run] of Object.entries(sides)) results[name].push(await run(round));
    }
    return results;
}

// What {ours, bare} cost the server, and whether it or the load generator was the limit.
export function serverCost(results) {
    const of = (member) => ['ours', 'bare'].map((side) => medianOf(results[side], member));
    const [cpu, bareCpu] = of('server_cpu_us');
    const [busy, bareBusy] = of('server_busy').map((share) => `core ${rounded(100 * share)} % busy`);
    return [
        {
            figure: 'server CPU a request',
            measured: `${rounded(cpu)} us (${rounded(cpu / bareCpu)} x), ${busy}`,
            floor: `${rounded(bareCpu)} us, ${bareBusy}`,
        },
    ];
}

function padded(columns, widths) {
    return columns.map((text, i) => text.padEnd(widths[i])).join('  ').trimEnd();
}

// rows: {figure, measured, floor, goal, met} (texts, met true, false or absent).
export function table(rows) {
    const lines = rows.map(({figure, measured, floor = '', goal = '', met}) => [
        figure,
        measured,
        floor,
        goal,
        met === undefined ? '' : met ? 'met' : 'MISSED',
    ]);
    const all = [['figure', 'measured', 'floor or peer', 'goal', ''], ...lines];
    const widths = all[0].map((_, i) => Math.max(...all.map((columns) => columns[i].length)));
    return all.map((columns) => padded(columns, widths)).join('\n');
}
