"""What messaging.toml may say of services and tenants: read once, checked once, and trusted from there on."""
