"""Readers who are not there: rounds of serve → rate → fine-tune, to see whether the poet learns their tastes."""
