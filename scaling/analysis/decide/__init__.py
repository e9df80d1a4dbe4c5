"""From what was measured to what to do: the answer to a question, the network to choose, the runs to do next."""
