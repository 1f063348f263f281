"""The LSTM, three times: by hand in numpy, as a torch layer of our own, and torch's; and the language model on it."""
