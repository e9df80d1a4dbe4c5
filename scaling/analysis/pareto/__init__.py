"""Which networks are Pareto-optimal, and how surely."""
