"""May this message go, now, to this person, from this sender? One file a gate, and each says why."""
