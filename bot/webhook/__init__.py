"""Updates that Telegram brings: told where to, received behind a proxy, kept before they are confirmed."""
