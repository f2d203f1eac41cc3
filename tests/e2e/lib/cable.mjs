// Subscribers of /cable: the stock @rails/actioncable client, and the bare socket beneath it.
import {once} from 'node:events';
import WebSocket from 'ws';
import {cleanUp} from './cleanup.mjs';
import {seconds, until, within} from './wait.mjs';

// The stock client expects a page around it: a document to be visible in, events to hear of that.
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
globalThis.document ??= {visibilityState: 'visible'};
const {createConsumer, adapters} = await import('@rails/actioncable');
adapters.WebSocket = WebSocket;

// One stock client with one subscription; `messages` is what it was sent, in order.
export class Subscriber {
    // `url` may be a function, so that reconnects follow a host to a new port.
    static async connect(t, url, params = {channel: 'StreamsChannel'}) {
        const subscriber = new Subscriber();
        subscriber.messages = [];
        subscriber.connections = 0;
        subscriber.consumer = createConsumer(url);
        cleanUp(t, () => subscriber.consumer.disconnect());
        const confirmed = new Promise((resolve, reject) => {
            subscriber.subscription = subscriber.consumer.subscriptions.create(params, {
                connected: () => {
                    subscriber.connections += 1;
                    resolve();
                },
                received: (message) => subscriber.messages.push(message),
                rejected: () => reject(new Error('subscription rejected')),
            });
        });
        await within('confirm_subscription', confirmed);
        return subscriber;
    }

    // The first message that `matches`, among those received or still to come.
    message(what, matches, limit = seconds(10)) {
        return until(what, () => this.messages.find(matches), limit);
    }

    // What a channel's action takes.
    perform(action, data = {}) {
        this.subscription.perform(action, data);
    }

    created(url, limit) {
        return this.message(
            `created ${url}`,
            ({action, stream}) => action === 'created' && stream.url === url,
            limit,
        );
    }

    count(action, url) {
        return this.messages.filter((m) => m.action === action && m.stream.url === url).length;
    }
}

// The socket itself, for what the stock client hides. `frames` holds the raw text of each message.
export class RawCable {
    static async open(t, url, {protocols = ['actioncable-v1-json'], headers = {}} = {}) {
        const cable = new RawCable();
        cable.frames = [];
        cable.socket = new WebSocket(url, protocols, {headers});
        cable.closed = new Promise((resolve) => {
            cable.socket.once('close', (code, reason) => resolve({code, reason: String(reason)}));
        });
        cable.socket.on('message', (data, binary) => {
            cable.frames.push({
                at: performance.now(),
                binary,
                text: String(data),
                ...JSON.parse(data),
            });
        });
        cleanUp(t, () => cable.socket.terminate());
        await within('WebSocket upgrade', once(cable.socket, 'open'));
        return cable;
    }

    send(command) {
        this.socket.send(typeof command === 'string' ? command : JSON.stringify(command));
    }

    subscribe(identifier) {
        this.send({command: 'subscribe', identifier});
        return this.frame(
            `answer to the subscription ${identifier}`,
            (frame) => frame.identifier === identifier && /_subscription$/.test(frame.type),
        );
    }

    frame(what, matches, limit = seconds(10)) {
        return until(what, () => this.frames.find(matches), limit);
    }
}
