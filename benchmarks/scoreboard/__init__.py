"""The scoreboard's table: real poems, ours, the same model unmasked, and the report's recipe, measured alike."""
