"""One step of a network, or one look at images, on whatever devices there are."""
