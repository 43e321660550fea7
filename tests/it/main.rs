//! The one test binary: folders by what they prove.
mod backends;
mod cli;
mod config;
mod delivery;
mod demo;
mod docs;
mod drill;
mod hour;
mod house;
mod incident;
mod journal;
mod messages;
mod report;
mod room;
mod rulebook;
mod support;
mod terminal;
