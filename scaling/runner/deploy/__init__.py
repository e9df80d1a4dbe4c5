"""A trained network outside this toolkit: exported, and run by the runtimes that people deploy with."""
