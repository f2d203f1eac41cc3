// One client that changes streams while others read.
import {key} from './programs.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What `read` resolves to, with `writes_per_second`: changes of title and status of one stream after
// the other, some 100 in a second.
export async function writeMeanwhile(host, streams, read) {
    const began = performance.now();
    let reads = true;
    let writes = 0;
    const write = async () => {
        for (; reads; writes += 1) {
            const id = 1 + ((writes * 7919) % streams);
            const response = await fetch(`${host.url}/api/v1/streams/${id}`, {
                method: 'PATCH',
                headers: {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'},
                body: JSON.stringify({
                    title: `Protest live, changed ${writes}`,
                    status: ['live', 'offline'][writes % 2],
                }),
            });
            if (response.status !== 200) throw new Error(await response.text());
            await response.arrayBuffer();
            await pause(8);
        }
    };
    const writing = write();
    try {
        const result = await read();
        return {...result, writes_per_second: (1000 * writes) / (performance.now() - began)};
    } finally {
        reads = false;
        await writing;
    }
}
