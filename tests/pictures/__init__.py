"""Makes the pictures of the papers: ``make pictures`` from the code, ``make screenshots`` from what commands print."""
