"""/export: a reader's poems and ratings as files, written page by page so that memory stays small."""

import logging
from collections.abc import AsyncIterator
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Final

from telegram import InputFile, Message, Update
from telegram.constants import ChatAction

from bot.api import UNREADABLE
from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.privately import in_private
from bot.handlers.writing import show_doing
from bot.storage.export import exported
from bot.view.export import json_line

# Bytes. Telegram takes 50 MB of a bot; a smaller file arrives within the time that one request has.
_LARGEST: Final = 16 << 20

_log = logging.getLogger(__name__)


@in_private
async def export(update: Update, context: Context) -> None:
    """Answer `/export` with a file, or several if there is much."""
    message = update.message
    if message is None:
        return
    await show_doing(message.chat, ChatAction.UPLOAD_DOCUMENT)
    sent = 0
    async for file in _files(context):
        sent += 1
        await _send(message, context, file, f"yuexia-{sent}.jsonl")
    if not sent:
        await answer(message, context.say("export-nothing"))


async def _files(context: Context) -> AsyncIterator[IO[bytes]]:
    after: int | None = 0
    while after is not None:
        with TemporaryFile() as file:
            after = await _fill(file, context, after)
            if file.tell():
                file.seek(0)
                yield file


async def _fill(file: IO[bytes], context: Context, after: int) -> int | None:
    """Write what follows the poem `after` until the file is large; the id of the last poem in it, None at the end."""
    while file.tell() < _LARGEST:
        page = await context.services.database.run(partial(exported, user_id=context.reader.id, after=after))
        if not page:
            return None
        file.write("".join(map(json_line, page)).encode())
        after = page[-1].poem.id
    return after


async def _send(message: Message, context: Context, file: IO[bytes], name: str) -> None:
    # Left to the connection, which reads it in pieces, and from the beginning if it must send it again.
    document = InputFile(file, name, read_file_handle=False)
    try:
        await message.reply_document(document, caption=context.say.plain("export-caption"))
    except UNREADABLE as error:
        _log.warning("what the server says of a file it took cannot be read: %s", type(error).__name__)
