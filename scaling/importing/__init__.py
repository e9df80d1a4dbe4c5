"""Results that others published, turned into records like one's own."""
