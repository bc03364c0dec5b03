"""All suites; `make test` runs them."""
