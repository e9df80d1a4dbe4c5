"""The figures, a module each: what it computes from results, what it draws, and what one may conclude."""
