//! The one table of commands: name, keys, place, doc, confirm, script form.
