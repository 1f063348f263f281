"""What readers see: messages in three languages, keyboards, poems."""
