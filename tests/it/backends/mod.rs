//! What the tests of `backends` prove.
mod bounces;
mod cut;
mod faults;
pub mod given;
mod hostile;
mod kinds;
pub mod outgoing;
mod polling;
mod real;
mod replay;
mod schedule;
mod secrets;
mod slack;
mod smtp;
mod statuspage;
mod statuspage_manage;
mod tls;
mod webhook;
