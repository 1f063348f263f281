"""Requests over HTTP: whether the server may know of one that failed is never guessed wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from telegram import InputFile
from telegram.error import NetworkError, TimedOut

from bot.api import BroadcastRequest, make_bot, was_not_written
from bot.localchat import LocalTelegram
from bot.transport import AiohttpRequest, NotWrittenError

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def request_of() -> AsyncIterator[AiohttpRequest]:
    """What makes requests, with little patience."""
    request = BroadcastRequest(2, connect_timeout=0.2, read_timeout=0.2, trust_env=False)
    await request.initialize()
    yield request
    await request.shutdown()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def _stops_within(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}")
    writer.close()


async def _babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"no HTTP at all\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("talk", [_silent, _hangs_up, _stops_within, _babbles])
async def test_what_was_written_may_have_been_done(request_of: AiohttpRequest, talk: Talk) -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimedOut if talk is _silent else NetworkError) as caught:
            await request_of.do_request(f"http://127.0.0.1:{port}/bot1:secret/sendMessage", "POST")
        assert not was_not_written(caught.value)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


async def test_without_a_connection_nothing_was_written(request_of: AiohttpRequest) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/bot1:secret/sendMessage"
        with pytest.raises(NotWrittenError) as refused:
            await request_of.do_request(address, "POST")
    assert "secret" not in str(refused.value)


async def test_waiting_for_a_connection_in_vain_is_not_writing(request_of: AiohttpRequest) -> None:
    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        held.put_nowait(writer)

    held: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot1:secret/sendMessage"
        two = [asyncio.create_task(request_of.do_request(address, "POST", read_timeout=None)) for _ in range(2)]
        writers = [await held.get(), await held.get()]
        with pytest.raises(NotWrittenError):
            await request_of.do_request(address, "POST")
        for task in two:
            task.cancel()
        await asyncio.gather(*two, return_exceptions=True)
        for writer in writers:
            writer.close()


async def test_a_file_goes_with_its_fields(local_telegram: LocalTelegram) -> None:
    async with make_bot(local_telegram.token, local_telegram.base_url) as bot:
        local_telegram.user_sends("月")
        await bot.send_document(1, InputFile(b"poems", "poems.txt"), caption="月下獨酌")
    message = local_telegram.messages()[-1]
    assert message.text == "月下獨酌"
    assert message.media is not None
    assert (message.media.file_name, message.media.content) == ("poems.txt", b"poems")
