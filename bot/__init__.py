"""The Telegram bot around `poetcore`: handlers, storage, the local chat."""
