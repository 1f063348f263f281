"""Fine-tune a poet with its readers' ratings. Needs the extra `train` (torch).

`settings` and `ratings` are free of torch; `finetune` is the entry.
"""
