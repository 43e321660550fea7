//! Loopback servers that speak the real wire formats and replay a scenario. Never imports the adapters that it proves.
