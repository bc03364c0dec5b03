"""What several suites share: factories, stand-ins and bodies of tests."""
