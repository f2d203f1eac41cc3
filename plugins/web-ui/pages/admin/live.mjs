// One subscription to /cable in ActionCable's protocol (actioncable-v1-json), which is kept up: who
// loses the connection comes back, and is told so, because what happened meanwhile was missed.

const silence = 10_000; // the server says something every 3 s
const gaps = {first: 500, most: 20_000};

export class Live {
    #identifier;
    #hooks;
    #socket;
    #timer;
    #gap = gaps.first;

    // `hooks`: joined() after each (re)connection, left() when one is lost, message(data) for each
    // message, mayReturn() → Promise<boolean> before each try to come back.
    constructor(channel, hooks) {
        this.#identifier = JSON.stringify(channel);
        this.#hooks = hooks;
        this.#connect();
    }

    #connect() {
        const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
        const socket = new WebSocket(`${scheme}://${location.host}/cable`, 'actioncable-v1-json');
        this.#socket = socket;
        socket.onmessage = ({data}) => this.#take(JSON.parse(data));
        socket.onclose = () => socket === this.#socket && this.#comeBack();
        this.#watch();
    }

    #take({type, message}) {
        this.#watch();
        if (type === 'welcome') {
            this.#socket.send(JSON.stringify({command: 'subscribe', identifier: this.#identifier}));
        } else if (type === 'confirm_subscription') {
            this.#gap = gaps.first;
            this.#hooks.joined();
        } else if (type === 'disconnect' || type === 'reject_subscription') {
            this.#socket.close();
        } else if (type === undefined) {
            this.#hooks.message(message);
        }
    }

    // A connection that says nothing is none, whatever the browser believes.
    #watch() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#comeBack(), silence);
    }

    #comeBack() {
        const old = this.#socket;
        this.#socket = undefined;
        old.close();
        clearTimeout(this.#timer);
        this.#hooks.left();
        // Not all at once, where a server has left many.
        const wait = this.#gap * (0.5 + Math.random());
        this.#gap = Math.min(this.#gap * 2, gaps.most);
        this.#timer = setTimeout(async () => {
            if (await this.#hooks.mayReturn()) this.#connect();
        }, wait);
    }
}
