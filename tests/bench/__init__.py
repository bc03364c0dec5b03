"""The benchmark: the pipeline beside the same work done the usual way, in one run; ``make bench`` starts it."""
