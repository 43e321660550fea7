//! What the tests of `backends` prove.
mod cut;
mod faults;
mod given;
mod hostile;
mod kinds;
mod polling;
mod real;
mod replay;
mod schedule;
mod secrets;
mod statuspage;
mod tls;
mod webhook;
