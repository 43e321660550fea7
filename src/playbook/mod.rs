//! Response plans: TOML beside the code that reads them.
