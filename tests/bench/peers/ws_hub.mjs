// The least of a hub that npm's `ws` allows, as bare_send.cpp is that of the kernel: it takes whatever
// looks like a subscription or a PATCH for one, and gives everybody the same frame, encoded once.
//
//   node ws_hub.mjs PORT BYTES
import http from 'node:http';
import {Sender, WebSocketServer} from '../../e2e/node_modules/ws/wrapper.mjs';

const [port, bytes] = process.argv.slice(2).map(Number);
const prefix = '{"identifier":"';
const text = Buffer.from(prefix + 'x'.repeat(Math.max(0, bytes - prefix.length)));
const encode = (data) =>
    Buffer.concat(Sender.frame(data, {fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true}));
const frame = encode(text);
const confirmation = encode(Buffer.from('{"type":"confirm_subscription"}'));

const subscribers = new Set();
const server = http.createServer((request, response) => {
    request.resume().on('end', () => {
        for (const socket of subscribers) socket.write(frame);
        response.writeHead(200, {'content-length': 0}).end();
    });
});
new WebSocketServer({server, perMessageDeflate: false}).on('connection', (client, request) => {
    const {socket} = request;
    client.on('message', () => {
        subscribers.add(socket);
        socket.write(confirmation);
    });
    client.on('close', () => subscribers.delete(socket));
    client.on('error', () => subscribers.delete(socket));
});
server.listen(port, '127.0.0.1');
