"""`poet study`: the experiments of the course report, run again and judged by their figures. Needs the extra `train`.

Read in this order: `plan` (which arms), `conduct` (the whole study), `arms` (one arm), `verdicts`, `page`.
"""
