"""Simulated readers: tastes that nobody tells the poet, and what readers with such tastes press."""
