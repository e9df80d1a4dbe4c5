"""How much less one family costs than another at the same accuracy."""
