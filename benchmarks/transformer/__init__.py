"""A small causal Transformer of torch's own layers: the row beside our LSTM in the ablation table, and nothing else."""
