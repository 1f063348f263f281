"""HTTP for python-telegram-bot by aiohttp, whose parser is in C.

httpx, python-telegram-bot's own choice, takes 2.0 ms of a busy core for a request to this machine, aiohttp 0.25 ms: a
bot is mostly requests.
"""

from typing import Any, Final

import aiohttp
import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

# Shorter than any server keeps idle connections: none is closed while a request is written into it.
_KEEP_ALIVE_S: Final = 5.0


class NotWrittenError(NetworkError):
    """There was no connection: the server surely knows nothing of the request."""


class AiohttpRequest(BaseRequest):
    """Makes requests over at most `connections` connections at once.

    connect_timeout, read_timeout: seconds that a connection, and every next byte of an answer, is waited for.
    trust_env: whether a proxy from the environment is used.
    """

    def __init__(self, connections: int, *, connect_timeout: float, read_timeout: float, trust_env: bool) -> None:
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def read_timeout(self) -> float:
        """Seconds that the next byte of an answer is waited for."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Be ready for requests, again after `shutdown`."""
        self._closed = False

    async def shutdown(self) -> None:
        """Close every connection."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 a server that takes nothing does not answer either
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 waiting for a connection is waiting for a connection
    ) -> tuple[int, bytes]:
        """Status and body of the answer.

        Raises `NotWrittenError` when there was no connection, else `TimedOut` or `NetworkError`: then the server may
        have done what it was asked. None of them holds the address, which contains the token.
        """
        if self._closed:
            raise RuntimeError("no requests after the shutdown")
        self._session = self._session or self._new_session()
        connect = self._connect_timeout if connect_timeout is self.DEFAULT_NONE else connect_timeout
        read = self._read_timeout if read_timeout is self.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)
        body = _body(request_data)
        try:
            async with self._session.request(method, url, data=body, timeout=timeout, allow_redirects=False) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotWrittenError(f"no connection: {type(error).__name__}") from None
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"the connection broke: {type(error).__name__}") from None

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            # The certificates that httpx trusts, so that the bot and what looks after it never disagree.
            ssl=httpx.create_ssl_context(trust_env=self._trust_env),
            limit=self._connections,
            keepalive_timeout=_KEEP_ALIVE_S,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.USER_AGENT},
            trust_env=self._trust_env,
        )


def _body(request_data: RequestData | None) -> aiohttp.FormData | dict[str, str] | None:
    if request_data is None:
        return None
    if not request_data.contains_files:
        return request_data.json_parameters
    form = aiohttp.FormData(request_data.json_parameters)
    for field, (name, content, kind) in request_data.multipart_data.items():
        form.add_field(field, content, filename=name, content_type=kind)
    return form
