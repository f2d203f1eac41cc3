#!/usr/bin/python3
"""Stock WebSocket clients of Python against an endpoint that echoes: one line of JSON for each case.

    echo.py websockets|autobahn URL OFFER

OFFER is empty, or the parameters of permessage-deflate as JSON, {} for none.
"""
import asyncio
import json
import sys

TEXTS = {
    "empty": "",
    "one": "x",
    "125 bytes": "x" * 125,
    "126 bytes": "x" * 126,
    "65,535 bytes": "x" * 65_535,
    "65,536 bytes": "x" * 65_536,
    "1 MiB": "abcdefgh" * 131_072,
    "beyond ASCII": "κόσμε \U0001f30d " * 50,
}


def tell(case, problem=None):
    print(json.dumps({"case": case, "problem": problem}), flush=True)


def check(case, got, wanted):
    tell(case, None if got == wanted else f"got {got!r:.80} instead of {wanted!r:.80}")


async def with_websockets(url, offer):
    import websockets
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

    def connect():
        extensions = None if offer is None else [ClientPerMessageDeflateFactory(**offer)]
        return websockets.connect(url, compression=None, extensions=extensions, max_size=None)

    async with connect() as socket:
        agreed = [extension.name for extension in socket.extensions]
        check("extensions", agreed, [] if offer is None else ["permessage-deflate"])
        for name, text in TEXTS.items():
            await socket.send(text)
            check(f"text, {name}", await socket.recv(), text)
            await socket.send(text.encode())
            check(f"binary, {name}", await socket.recv(), text.encode())
        text = TEXTS["beyond ASCII"]
        # A text's parts are texts here; binary ones are cut anywhere.
        await socket.send([text[at : at + 7] for at in range(0, len(text), 7)])
        check("text in fragments", await socket.recv(), text)

        async def with_pings():
            for at in range(0, len(text), 50):
                yield text[at : at + 50]
                await socket.ping()

        await socket.send(with_pings())
        check("pings between fragments", await socket.recv(), text)
        pong = await socket.ping(b"are you there")
        await asyncio.wait_for(pong, 10)
        tell("a ping is answered")
    for code, reason in ((1000, "done"), (1001, ""), (3000, "x" * 123), (4999, "κόσμε")):
        async with connect() as socket:
            await socket.close(code, reason)
            check(f"close with {code}", socket.close_code, code)


async def with_autobahn(url, offer):
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from autobahn.websocket.compress import (
        PerMessageDeflateOffer,
        PerMessageDeflateOfferAccept,
        PerMessageDeflateResponse,
        PerMessageDeflateResponseAccept,
    )

    loop = asyncio.get_running_loop()

    class Client(WebSocketClientProtocol):
        def onOpen(self):
            self.messages = asyncio.Queue()
            self.pongs = asyncio.Queue()
            self.ended = loop.create_future()
            opened.put_nowait(self)

        def onMessage(self, payload, isBinary):
            self.messages.put_nowait((payload, isBinary))

        def onPong(self, payload):
            self.pongs.put_nowait(payload)

        def onClose(self, wasClean, code, reason):
            if not self.ended.done():
                self.ended.set_result((wasClean, code))

    opened = asyncio.Queue()
    factory = WebSocketClientFactory(url)
    factory.protocol = Client
    if offer is not None:
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer(**offer)],
            perMessageCompressionAccept=lambda response: PerMessageDeflateResponseAccept(response)
            if isinstance(response, PerMessageDeflateResponse)
            else None,
        )

    async def connect():
        await loop.create_connection(factory, factory.host, factory.port)
        return await asyncio.wait_for(opened.get(), 10)

    client = await connect()
    is_agreed = client.websocket_extensions_in_use != []
    check("extensions", is_agreed, offer is not None)
    for name, text in TEXTS.items():
        for fragment in (None, 1000):
            for is_binary in (False, True):
                client.sendMessage(text.encode(), is_binary, fragmentSize=fragment)
                got = await asyncio.wait_for(client.messages.get(), 20)
                kind = "binary" if is_binary else "text"
                how = "" if fragment is None else " in fragments"
                check(f"{kind}, {name}{how}", got, (text.encode(), is_binary))
    payload = TEXTS["beyond ASCII"].encode()
    # Cut inside characters, with pings between.
    client.beginMessage()
    for at in range(0, len(payload), 5):
        client.sendMessageFrame(payload[at : at + 5])
        client.sendPing(b"p%d" % at)
    client.endMessage()
    check("pings between fragments", await client.messages.get(), (payload, False))
    check("a ping is answered", await client.pongs.get() != None, True)  # noqa: E711
    client.sendClose(1000, "done")
    check("close with 1000", await asyncio.wait_for(client.ended, 10), (True, 1000))
    for code, reason in ((3000, "x" * 123), (4999, "κόσμε")):
        client = await connect()
        client.sendClose(code, reason)
        check(f"close with {code}", await asyncio.wait_for(client.ended, 10), (True, code))


def main():
    name, url, offer = sys.argv[1:4]
    run = {"websockets": with_websockets, "autobahn": with_autobahn}[name]
    try:
        asyncio.run(run(url, json.loads(offer) if offer else None))
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))


main()
