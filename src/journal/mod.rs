//! The SQLite file that holds every entry. Never interprets what an entry says.
