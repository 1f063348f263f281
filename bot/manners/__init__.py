"""Manners: how much a reader may ask for, whose turn it is, and what the bot does not write."""
