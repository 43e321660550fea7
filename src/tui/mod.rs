//! The screen: model, update, view. Never touches the journal or a backend.
