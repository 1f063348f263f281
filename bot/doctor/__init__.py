"""Looks the whole set-up over, changing nothing, and says of each part what to do: `poetbot doctor`."""
