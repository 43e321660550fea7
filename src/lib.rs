//! warroom: the terminal incident war room. This file is the map of the house and holds no code.
//!
//! One direction, from outside to the screen:
//!
//! ```text
//! backend ──poll──▶ Observation ──detect──▶ Entry ─┐
//! key, script ──▶ Command ──decide──▶ Entry ───────┴▶ Journal ─▶ fold ─▶ Incident ─▶ assess ─▶ Situation ─▶ view
//! ```
//!
//! | module      | holds                                                              | may import                    |
//! |-------------|--------------------------------------------------------------------|-------------------------------|
//! | `text`      | safe display of outside text, width, durations, instants           | nothing of ours               |
//! | `incident`  | the domain: entries, fold, decide, detect, the types of all things | text                          |
//! | `config`    | the configuration file, spans, suggestions, secrets                | incident text                 |
//! | `rulebook`  | agency rules and their evaluation                                  | incident config text          |
//! | `playbook`  | response plans                                                     | incident config text          |
//! | `situation` | what the moment means                                              | incident rulebook playbook text |
//! | `command`   | the one table of commands                                          | incident text                 |
//! | `journal`   | the SQLite file                                                    | incident                      |
//! | `backends`  | adapters (no IO), the transports, the schedule                     | incident config text          |
//! | `replicate` | the table of a PostgreSQL where several hosts meet                 | journal backends incident config |
//! | `report`    | markdown, json, CAN                                                | situation and below           |
//! | `tui`       | the screen; never journal, never backends                          | report command situation and below |
//! | `demo`      | loopback servers that replay a scenario; never backends            | incident config text          |
//! | `drill`     | scripts of injects and the score; no IO                            | situation and below, config   |
//! | `room`      | the running room: one loop and its effects                         | all but demo and drill        |
//! | `cli`       | a file a subcommand                                                | everything                    |
//!
//! `tests/it/house` checks these arrows.
#![forbid(unsafe_code)]

pub mod backends;
pub mod cli;
pub mod command;
pub mod config;
pub mod demo;
pub mod drill;
pub mod incident;
pub mod journal;
pub mod playbook;
pub mod replicate;
pub mod report;
pub mod room;
pub mod rulebook;
pub mod situation;
pub mod text;
pub mod tui;
