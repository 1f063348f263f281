"""Train a language model: presets, data, loop, checkpoints, curves, export. Needs the extra `train` (torch)."""
