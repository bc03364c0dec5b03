"""Short scenes, one module each, played on the running pipeline and told in a few lines."""
