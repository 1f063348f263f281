"""What the bot does by itself: schedules, and long work whose progress is shown."""
