"""What an operator sees of the bot at work: metrics, and what its log is about."""
