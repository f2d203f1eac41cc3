// The kernel's hot paths, from Google Benchmark: queues, wake-ups, the boundary, calls.
import path from 'node:path';
import {output} from '../../e2e/lib/processes.mjs';
import {seconds} from '../../e2e/lib/wait.mjs';
import {bin} from '../lib/programs.mjs';
import {rounded} from '../lib/stats.mjs';

export const title = 'Kernel';

export async function run(_, {rounds}) {
    const text = await output(
        path.join(bin, 'kernel_bench'),
        [
            '--benchmark_format=json',
            '--benchmark_min_time=0.2',
            `--benchmark_repetitions=${rounds}`,
            '--benchmark_report_aggregates_only=true',
            '--benchmark_enable_random_interleaving=true',
        ],
        {timeout: seconds(60)},
    );
    const medians = Object.fromEntries(
        JSON.parse(text)
            .benchmarks.filter(({aggregate_name: kind}) => kind === 'median')
            .map((result) => [result.run_name.split('/')[0], result]),
    );
    const event = medians.EventThroughBusyQueue.ns_per_event;
    const wakeUp = medians.CondvarWakeUp.one_way_ns;
    // There and back: the callback wakes the publisher as the floor does.
    const publish = 2 * medians.PublishToIdleStrand.one_way_ns;
    const crossing = medians.BoundaryCrossing.ns_per_crossing;
    const plain = medians.PlainCall.cpu_time;
    const call = medians.ParallelCall.cpu_time;
    const ns = (value) => `${rounded(value)} ns`;
    return {
        rows: [
            {
                figure: 'event through a queue that is not empty',
                measured: ns(event),
                goal: '<= 500 ns',
                met: event <= 500,
            },
            {
                figure: 'publish to the callback of an idle strand, and a wake-up back',
                measured: `${ns(publish)} (${rounded(publish / wakeUp)} x)`,
                floor: `${ns(wakeUp)} condition variable`,
                goal: '<= 3 x (2 x, and the way back)',
                met: publish <= 3 * wakeUp,
            },
            {
                figure: 'crossing of the plugin boundary',
                measured: ns(crossing),
                goal: '<= 10 ns',
                met: crossing <= 10,
            },
            {
                figure: 'call of a parallel service, above a plain call',
                measured: ns(call - plain),
                floor: `${ns(plain)} plain call`,
                goal: '<= 200 ns',
                met: call - plain <= 200,
            },
        ],
        results: {event, wake_up: wakeUp, publish, crossing, plain, call},
    };
}
