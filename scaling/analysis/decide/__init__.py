"""From what was measured to what to do: the answer to a study's question, the network to choose, the runs to do next."""
