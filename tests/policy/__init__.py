"""Tests of the rules. Decision tables, boundaries, properties, an exhaustive grid and a state-space search."""
