//! Agency rules: TOML beside the code that reads and evaluates them. An aid, not legal advice.
