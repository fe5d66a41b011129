"""As built against designed: the parts of `topologies.diff`."""
