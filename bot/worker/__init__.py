"""The worker: collects ratings, fine-tunes the poet, and publishes what passes the gate; a process of its own."""
