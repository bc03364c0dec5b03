"""The demonstration: many messages through the whole pipeline, then scenes from its life with people."""
