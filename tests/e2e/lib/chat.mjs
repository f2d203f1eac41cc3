// A real IRC server (ngircd) and a small client of our own that shares no code with the host.
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import {cleanUp} from './cleanup.mjs';
import {Child, freePort, scratchFolder} from './processes.mjs';
import {seconds, until, within} from './wait.mjs';

const ngircd = process.env.NGIRCD ?? '/usr/sbin/ngircd';

// MaxPenaltyTime: a test may post faster than a person. PAM, Ident, DNS: nothing outside is asked.
const settings = (port) => `[Global]
Name = irc.test.local
Info = test server
Listen = 127.0.0.1
Ports = ${port}
MotdPhrase = hello

[Limits]
MaxConnectionsIP = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 60

[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
`;

export class ChatServer {
    static async start(t) {
        const server = new ChatServer();
        server.port = await freePort();
        server.url = `irc://127.0.0.1:${server.port}`;
        server.config = path.join(scratchFolder(t, 'ngircd'), 'ngircd.conf');
        writeFileSync(server.config, settings(server.port), {mode: 0o600});
        cleanUp(t, () => server.kill());
        await server.run();
        return server;
    }

    // Starts it, or starts it again on the same port.
    async run() {
        this.child = new Child('ngircd', ngircd, ['-n', '-f', this.config]);
        await until(`ngircd on port ${this.port}`, async () => {
            const socket = net.connect(this.port, '127.0.0.1');
            try {
                await once(socket, 'connect');
                return true;
            } finally {
                socket.destroy();
            }
        });
    }

    kill() {
        return this.child.end('SIGKILL');
    }
}

// Somebody in the channel.
export class ChatUser {
    static async join(t, server, channel, nick) {
        const user = new ChatUser();
        Object.assign(user, {nick, channel, lines: []});
        user.socket = net.connect(server.port, '127.0.0.1');
        user.socket.on('error', () => user.socket.destroy());
        cleanUp(t, () => user.socket.destroy());
        readline.createInterface({input: user.socket}).on('line', (line) => {
            user.lines.push(line);
            if (line.startsWith('PING')) user.send(line.replace('PING', 'PONG'));
        });
        await within('connection to ngircd', once(user.socket, 'connect'));
        user.send(`NICK ${nick}`);
        user.send(`USER ${nick} 0 * :${nick}`);
        await user.numeric('001');
        user.send(`JOIN ${channel}`);
        await user.numeric('366');
        return user;
    }

    send(line) {
        this.socket.write(`${line}\r\n`);
    }

    // Waits for a reply with this number among the lines from `from` on.
    numeric(number, from = 0) {
        return until(
            `IRC reply ${number}`,
            () => this.lines.slice(from).find((line) => line.split(' ')[1] === number),
            seconds(10),
        );
    }

    post(text) {
        this.send(`PRIVMSG ${this.channel} :${text}`);
    }

    async names() {
        const from = this.lines.length;
        this.send(`NAMES ${this.channel}`);
        await this.numeric('366', from);
        return this.lines
            .slice(from)
            .filter((line) => line.split(' ')[1] === '353')
            .flatMap((line) =>
                line
                    .slice(line.indexOf(' :') + 2)
                    .trim()
                    .split(' '),
            );
    }

    // Returns once anybody besides the nicks of the test is in the channel: the host.
    hostPresent(others = [this.nick], limit = seconds(30)) {
        return until(
            `the host in ${this.channel}`,
            async () =>
                (await this.names()).some((name) => !others.includes(name.replace(/^[@+%&~]/, ''))),
            limit,
        );
    }
}
