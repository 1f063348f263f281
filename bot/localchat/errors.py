"""What can go wrong in the local chat: with the server itself, and in what a bot or the page asks of it."""


class LocalChatError(Exception):
    """The local chat cannot start or was used wrongly; the message is one sentence for the user."""


class ApiError(Exception):
    """An answer with `ok: false`, in the words of the real Bot API server.

    `code` is both the HTTP status and `error_code`; `retry_after` is in seconds.
    """

    def __init__(self, code: int, description: str, retry_after: float | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.retry_after = retry_after


def bad_request(description: str) -> ApiError:
    """A 400 with the server's usual prefix."""
    return ApiError(400, f"Bad Request: {description}")
