"""The paper's claims, each a test of results."""
