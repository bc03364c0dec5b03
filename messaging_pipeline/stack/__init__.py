"""Everything the pipeline needs on one machine: private servers, the simulator and our own processes."""
