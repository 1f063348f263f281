"""An ASGI application on a port of this machine, in the caller's event loop."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from bot.errors import BotError

# A proxy keeps its connections for a minute as a rule; whoever closes first loses nothing, if it is the proxy.
_KEEP_ALIVE_S: Final = 75
_GRACE_S: Final = 5


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, variable: str) -> AsyncIterator[int]:
    """Serve `app` until the block ends, answering what was asked before; yields the port (0 took a free one).

    Raises `BotError` that names `variable` when it cannot listen there.
    """
    listener = _listener(host, port, variable)
    server = _Server(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    task.add_done_callback(lambda _: server.ready.set())
    try:
        await server.ready.wait()
        yield int(listener.getsockname()[1])
    finally:
        server.stop.set()
        await task


def _listener(host: str, port: int, variable: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        # So that a restart need not wait for the last run's connections to expire. Elsewhere it would steal ports.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise BotError(f"cannot listen on {host}:{port} ({error.strerror}); choose a free port ({variable})") from error
    listener.setblocking(False)
    return listener


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the program that runs it has its own."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()
