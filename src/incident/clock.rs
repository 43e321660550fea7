//! Which instant it is in the room: the wall clock, or the map from real to scenario time that a demo stores.

use serde::{Deserialize, Serialize};

use super::Instant;

/// A straight map from real time to the room's time. The identity outside a demo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// A real instant, and the room's instant at it.
    pub real: Instant,
    pub room: Instant,
    /// Room seconds per real second; 0 while paused.
    pub speed: f64,
}

impl Clock {
    /// The room's clock is the wall clock.
    pub fn wall() -> Clock {
        Clock { real: Instant::UNIX_EPOCH, room: Instant::UNIX_EPOCH, speed: 1.0 }
    }

    pub fn is_wall(&self) -> bool {
        self.real == self.room && self.speed == 1.0
    }

    /// The room's instant at `real`. Never fails: what cannot be represented is the map's own base.
    pub fn at(&self, real: Instant) -> Instant {
        if self.is_wall() {
            return real;
        }
        let elapsed = (real - self.real).num_milliseconds() as f64 * self.speed;
        self.room.checked_add_signed(chrono::TimeDelta::milliseconds(elapsed as i64)).unwrap_or(self.room)
    }

    /// The same map from `real` on at another speed, without a jump.
    pub fn with_speed(&self, real: Instant, speed: f64) -> Clock {
        Clock { real, room: self.at(real), speed }
    }
}

/// The present: the room's instant for what happens, the real one for polling and staleness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    pub now: Instant,
    pub real: Instant,
    /// Room seconds per real second; 0 while a demo is paused.
    pub speed: f64,
}

impl Moment {
    pub fn of(clock: &Clock, real: Instant) -> Moment {
        Moment { now: clock.at(real), real, speed: clock.speed }
    }

    /// How long the world outside has really had since an instant of the room: what others take their time for is measured so.
    pub fn waited(&self, since: Instant) -> chrono::TimeDelta {
        let room = (self.now - since).num_milliseconds() as f64;
        let real = if self.speed > 0.0 { room / self.speed } else { 0.0 };
        chrono::TimeDelta::milliseconds(real as i64)
    }

    /// The room's instant at an earlier real one.
    pub fn room_at(&self, real: Instant) -> Instant {
        let ago = (self.real - real).num_milliseconds().max(0) as f64 * self.speed;
        self.now.checked_sub_signed(chrono::TimeDelta::milliseconds(ago as i64)).unwrap_or(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_take_real_time_in_a_fast_demo() {
        let real: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock { real, room: real, speed: 120.0 };
        let moment = Moment::of(&clock, real + chrono::TimeDelta::seconds(10));
        assert_eq!(moment.now, real + chrono::TimeDelta::minutes(20));
        assert_eq!(moment.waited(real), chrono::TimeDelta::seconds(10));
        assert_eq!(moment.room_at(real + chrono::TimeDelta::seconds(5)), real + chrono::TimeDelta::minutes(10));
        assert_eq!(Moment::of(&clock.with_speed(real, 0.0), moment.real).waited(real), chrono::TimeDelta::zero());
    }

    #[test]
    fn a_demo_runs_fast_pauses_and_goes_on_without_a_jump() {
        let real: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
        let room: Instant = "2024-02-22T09:20:00Z".parse().unwrap();
        let clock = Clock { real, room, speed: 120.0 };
        let later = real + chrono::TimeDelta::seconds(10);
        assert_eq!(clock.at(later), room + chrono::TimeDelta::minutes(20));
        let paused = clock.with_speed(later, 0.0);
        assert_eq!(paused.at(later + chrono::TimeDelta::hours(9)), clock.at(later));
        assert!(Clock::wall().is_wall());
        assert_eq!(Clock::wall().at(real), real);
    }
}
