"""A plan over time: the simulator of the planned factory. It holds no process yet; planning does not need it."""
