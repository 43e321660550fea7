//! What leaves the building, on the built program: to a thousand addresses over a real mail server, cut and killed in the
//! middle, sent by two at once; nobody receives a text twice, and every outcome in the record is right or unknown.

mod cut;
pub mod given;
mod host;
mod killed;
mod mail_server;
mod playbook;
mod reports;
mod screen;
mod thousand;
