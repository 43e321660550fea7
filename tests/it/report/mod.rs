//! What the tests of `report` prove: the state that scripts read keeps its promise, and the record tells it all, safely.

mod can;
mod given;
mod markdown;
mod state;
