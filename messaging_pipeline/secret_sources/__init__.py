"""Where secrets are kept, behind one contract: a reference goes in, the secret or a reason comes out."""
