"""One step of a network, or one look at pictures, on whatever devices there are."""
