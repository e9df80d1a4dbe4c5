"""What was found, as short tables for people and as mappings for programs."""
