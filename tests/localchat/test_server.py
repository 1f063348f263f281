"""Starting and stopping, and who may talk to the server."""

import logging
import signal
from typing import Any

import httpx
import pytest
from telegram import Bot

from bot.localchat import LocalChatError, LocalTelegram


async def test_a_port_in_use_is_one_clear_sentence(local_telegram: LocalTelegram) -> None:
    complaint = rf"cannot listen on 127.0.0.1:{local_telegram.port} \(Address already in use\)"
    with pytest.raises(LocalChatError, match=complaint):
        async with LocalTelegram(port=local_telegram.port).running():
            pass


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org"])
def test_it_listens_on_loopback_alone(host: str) -> None:
    with pytest.raises(LocalChatError, match="for this machine alone"):
        LocalTelegram(host=host)


async def test_a_restart_keeps_port_and_history() -> None:
    server = LocalTelegram()
    async with server.running():
        server.user_sends("hello")
        url = server.base_url
    async with server.running(), Bot(server.token, base_url=url) as bot:
        assert server.base_url == url
        assert [u.message.text for u in await bot.get_updates() if u.message] == ["hello"]


async def test_signals_stay_with_the_program() -> None:
    before = signal.getsignal(signal.SIGINT)
    async with LocalTelegram().running():
        assert signal.getsignal(signal.SIGINT) is before


async def test_the_token_is_never_logged(
    api: Bot, local_telegram: LocalTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "uvicorn")
    await api.get_me()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")]
    assert not any(local_telegram.token in line for line in ours)


async def test_waiting_in_vain_tells_what_happened(local_telegram: LocalTelegram) -> None:
    local_telegram.user_sends("月")
    with pytest.raises(TimeoutError, match=r"not within 0.1 s; last calls: none; chat 1 ends with \['月'\]"):
        await local_telegram.wait_until(lambda: False, timeout=0.1)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost:1", "10.0.0.1:{port}", ""])
async def test_a_foreign_host_is_turned_down(local_telegram: LocalTelegram, host: str) -> None:
    headers = {"Host": host.format(port=local_telegram.port)}
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        for path in ("/", "/page/chat.js", "/page/events", f"/bot{local_telegram.token}/getMe"):
            assert (await client.get(path, headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", None]
)
async def test_the_page_is_used_from_its_own_origin_alone(local_telegram: LocalTelegram, origin: str | None) -> None:
    headers = {"Origin": origin.format(port=local_telegram.port)} if origin else {}
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        sent = await client.post("/page/send", json={"text": "x"}, headers=headers)
        pressed = await client.post("/page/press", json={"message_id": 1, "data": "x"}, headers=headers)
        asked = await client.post("/page/ask", json={"query": "x", "offset": ""}, headers=headers)
        chosen = await client.post("/page/choose", json={"query_id": "1", "result_id": "1"}, headers=headers)
    assert {answer.status_code for answer in (sent, pressed, asked, chosen)} == {403}
    assert (local_telegram.messages(), local_telegram.pending_updates) == ([], 0)


async def test_a_foreign_page_cannot_listen(local_telegram: LocalTelegram) -> None:
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        answer = await client.get("/page/events", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"text": "x"}', "text/plain", 415),
        (b"text=x", "application/x-www-form-urlencoded", 415),
        (b"not json", "application/json", 400),
        (b'["x"]', "application/json", 400),
        (b'{"text": 1}', "application/json", 400),
        (b'{"text": ""}', "application/json", 400),
        (b'{"text": "' + b"x" * 4097 + b'"}', "application/json", 400),
        (b'{"text": "' + b"x" * 70_000 + b'"}', "application/json", 413),
        (b'{"text": "x"}', "application/json; charset=utf-8", 200),
    ],
)
async def test_the_page_endpoint_checks_what_it_gets(
    local_telegram: LocalTelegram, content: bytes, kind: str, status: int
) -> None:
    headers = {"Origin": local_telegram.page_url.rstrip("/"), "Content-Type": kind}
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        answer = await client.post("/page/send", content=content, headers=headers)
    assert (answer.status_code, len(local_telegram.messages())) == (status, int(status == 200))


@pytest.mark.parametrize(
    ("press", "status"),
    [({"message_id": 99, "data": "x"}, 404), ({"message_id": "1", "data": "x"}, 400), ({"message_id": 1}, 400)],
)
async def test_a_press_must_name_a_message(local_telegram: LocalTelegram, press: dict[str, Any], status: int) -> None:
    local_telegram.user_sends("hello")
    headers = {"Origin": local_telegram.page_url.rstrip("/")}
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        assert (await client.post("/page/press", json=press, headers=headers)).status_code == status


async def test_every_answer_carries_the_security_headers(local_telegram: LocalTelegram) -> None:
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        for path in ("/", "/page/style.css", "/page/words.js", "/nowhere"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [("zh-TW,zh;q=0.9", "zh-hant"), ("zh-CN", "zh-hans"), ("de-AT;q=0.8", "de-at"), ("<script>", None), ("", None)],
)
async def test_the_readers_language_comes_from_the_browser(
    local_telegram: LocalTelegram, accept_language: str, expected: str | None
) -> None:
    headers = {"Origin": local_telegram.page_url.rstrip("/"), "Accept-Language": accept_language}
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        await client.post("/page/send", json={"text": "x"}, headers=headers)
    assert local_telegram.user(1).language_code == expected
