"""What the bot can do, measured on this machine against the local Telegram: run by `poetbot bench`."""
