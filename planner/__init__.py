"""Spec in, plan out: the planner of an AI factory."""
