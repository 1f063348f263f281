"""What can go wrong in the local chat: with the server itself, and in what a bot or the page asks of it."""


class LocalChatError(Exception):
    """The local chat cannot start or was used wrongly; the message is one sentence for the user."""


class ApiError(Exception):
    """An answer with `ok: false`, in the words of the real Bot API server.

    `code` is both the HTTP status and `error_code`; `parameters` holds `retry_after`, in seconds, or
    `migrate_to_chat_id` where the server tells them.
    """

    def __init__(self, code: int, description: str, **parameters: float) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(description: str, **parameters: float) -> ApiError:
    """A 400 with the server's usual prefix."""
    return ApiError(400, f"Bad Request: {description}", **parameters)
