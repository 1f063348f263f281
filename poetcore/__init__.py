"""Classical Chinese poems from an LSTM: corpus, prosody, training, generation, evaluation."""

import os

# numpy's BLAS reads this when it is loaded. The engine's products are too small for two threads, which on a busy
# machine wait for each other (100 poems: 23 s against 4.5 s on one), and whose number changes the last digit of a sum,
# and with it, once in a while, a poem. torch brings a BLAS of its own, which this does not touch.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
