//! Adapters without IO, the transports that own sockets and secrets, and the schedule. Never writes a journal, never draws.
