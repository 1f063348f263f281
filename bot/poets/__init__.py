"""The poets that a bot serves: the store of their versions, the gate, and how a new champion takes over."""
