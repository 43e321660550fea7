//! What the tests of `agencies` prove: the pane as a commander meets it, those who are told one by one, calls, worksheets,
//! corrections, what is held back and what stays in the house.

mod after;
mod clocks;
mod desk;
mod paper;
mod replay;
