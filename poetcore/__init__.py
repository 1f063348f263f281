"""Classical Chinese poems from an LSTM: corpus, prosody, training, generation, evaluation."""
