"""Speaks TLS as PostgreSQL does, and passes on what comes: `tls_front.py PORT CERTIFICATE KEY` prints its own port."""

import asyncio
import ssl
import struct
import sys
from contextlib import suppress

TLS_REQUEST = struct.pack(">ii", 8, 80877103)  # as PostgreSQL's protocol has it


async def serve(port: int, context: ssl.SSLContext) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(len(TLS_REQUEST))
            from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
            if first == TLS_REQUEST:
                writer.write(b"S")
                await writer.start_tls(context)
            else:
                to_server.write(first)
            await asyncio.gather(pass_on(reader, to_server), pass_on(from_server, writer))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


if __name__ == "__main__":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[2:4])
    asyncio.run(serve(int(sys.argv[1]), context))
