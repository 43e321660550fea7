//! What the tests of `config` prove, and of the playbooks that are read by the same means.
mod files;
mod playbooks;
mod trust;
