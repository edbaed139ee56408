"""Carries connections to a port of loopback on to a Unix socket: an agent's way to its model in a sandbox.

A program by itself, with the path of the socket as its argument: it prints the port, and serves in the background until
the sandbox ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys

CHUNK = 1 << 16


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def carry(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        answers, requests = await asyncio.open_unix_connection(path)
        sending = asyncio.create_task(copy(reader, requests))
        await copy(answers, writer)
        sending.cancel()
        requests.close()
    writer.close()


async def serve(path: str, listening: socket.socket) -> None:
    async with await asyncio.start_server(lambda *ends: carry(path, *ends), sock=listening) as server:
        await server.serve_forever()


def main(path: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    if os.fork():
        os._exit(0)
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    asyncio.run(serve(path, listening))


if __name__ == "__main__":
    main(sys.argv[1])
