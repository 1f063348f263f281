"""The daily poem's rules, without database or Telegram: when it is due, where a city's clocks are, what it is about."""
