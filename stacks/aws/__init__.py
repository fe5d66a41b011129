"""A plan as AWS resources: one component a file."""
