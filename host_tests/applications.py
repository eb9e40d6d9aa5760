# SPDX-License-Identifier: MIT
"""Applications that others wrote for MicroPython, over the modules tls and ssl of the path: applications.py WHAT ARGUMENTS… Run on a unix port
by test_third_party.py. Each prints what it got; they are the unchanged files of build/applications, or make the calls of what no package carries."""

import asyncio
import socket
import sys


def read(name):
    with open(name, "rb") as f:
        return f.read()


def urequests(url):
    """micropython-urequests 0.9.1, a page twice."""
    import urequests as requests

    answer = requests.get(url)
    print(answer.status_code, len(answer.text), answer.text[:20].strip())
    answer.close()
    print(requests.post(url, data="posted").json())


def requests(host, port, root):
    """What micropython-lib's requests calls since 0.10: tls itself, here also verified."""
    import tls

    for mode in (tls.CERT_NONE, tls.CERT_REQUIRED):
        ai = socket.getaddrinfo(host, int(port), 0, socket.SOCK_STREAM)[0]
        s = socket.socket(ai[0], socket.SOCK_STREAM, ai[2])
        s.settimeout(10)
        s.connect(ai[-1])
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = mode
        if mode == tls.CERT_REQUIRED:
            context.load_verify_locations(read(root))
        s = context.wrap_socket(s, server_hostname="localhost")
        s.write(b"%s /%s HTTP/1.0\r\n" % (b"GET", b"page"))
        s.write(b"Host: %s\r\n\r\n" % host.encode())
        status = s.readline().split(None, 2)
        length = 0
        while True:
            line = s.readline()
            if not line or line == b"\r\n":
                break
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        page = s.read(length)
        print(int(status[1]), len(page), len(s.read()), s.cipher()[1])
        s.close()


def aiohttp(host, port, root):
    """What micropython-lib's aiohttp calls: streams of asyncio, with a context. Between two steps of a handshake another task runs."""
    import ssl

    import mxtls.tls

    step = mxtls.tls.SSLSocket._handshake
    steps = {}  # of each stream: how often the other task had run

    def noted(stream):
        steps.setdefault(id(stream), []).append(ticks[0])
        return step(stream)

    mxtls.tls.SSLSocket._handshake = noted

    async def get():
        context = ssl.create_default_context(cafile=root)
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="localhost")
        await writer.awrite(b"GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        status = int((await reader.readline()).split(None, 2)[1])
        length = 0
        while True:
            line = await reader.readline()
            if line == b"\r\n":
                break
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        page = await reader.readexactly(length)
        await writer.aclose()
        return status, len(page)

    async def tick():
        while True:
            ticks[0] += 1
            await asyncio.sleep_ms(0)

    async def main():
        other = asyncio.create_task(tick())
        found = await asyncio.gather(get(), get())
        other.cancel()
        for each in steps.values():
            print("%d steps" % len(each) if len(each) > 10 and sorted(set(each)) == each else "it did not give way: %s" % each)
        print(found)

    ticks = [0]
    asyncio.run(main())


def aioserver(cert, key, root):
    """asyncio.start_server(ssl=…) and two clients at once, one with a line after another."""
    import ssl

    async def serve(reader, writer):
        while True:
            line = await reader.readline()
            if not line:
                break
            writer.write(b"echo " + line)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def talk(port, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=root)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        got = []
        for i in range(3):
            writer.write(b"%s %d\n" % (name, i))
            await writer.drain()
            got.append(await reader.readline())
        writer.write(b"x" * 20000 + b"\n")
        await writer.drain()
        got.append(len(await reader.readline()))
        writer.close()
        await writer.wait_closed()
        return got

    async def main():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        port = int(sys.argv[-1])
        server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
        print(await asyncio.gather(talk(port, b"one"), talk(port, b"two")))
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def mqtt(kind, port, *arguments):
    """umqtt.simple and umqtt.robust against a broker: over TLS, with a client certificate, with a pre-shared key."""
    import ssl

    if kind == "psk":
        identity, key = arguments
        parameters = {"psk_identity": identity, "psk_key": bytes.fromhex(key)}
    else:
        parameters = {"server_hostname": "localhost", "cert_reqs": ssl.CERT_REQUIRED, "cadata": read(arguments[0])}
        if kind == "client":
            parameters["cert"] = read(arguments[1])
            parameters["key"] = read(arguments[2])
    if kind == "robust":
        from umqtt.robust import MQTTClient
    else:
        from umqtt.simple import MQTTClient
    got = []
    client = MQTTClient(b"mxtls-" + kind.encode(), "127.0.0.1", int(port), keepalive=30, ssl=True, ssl_params=parameters)
    client.set_callback(lambda topic, message: got.append((topic, len(message))))
    client.connect()
    client.subscribe(b"mxtls/" + kind.encode())
    client.publish(b"mxtls/" + kind.encode(), b"y" * 3000, qos=1)
    for n in (1, 3000):
        client.publish(b"mxtls/" + kind.encode(), b"x" * n)
    while len(got) < 3:
        client.wait_msg()
    client.check_msg()
    client.ping()
    client.wait_msg()
    client.disconnect()
    print(got)


globals()[sys.argv[1]](*sys.argv[2:-1] if sys.argv[1] == "aioserver" else sys.argv[2:])
