//! The closed sets of words of the domain, as they stand in JSON, in commands and on the screen.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants have one written form each, used by serde, by `FromStr` and for display.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<$name, String> {
                $name::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| {
                    let all: Vec<&str> = $name::ALL.iter().map(|v| v.as_str()).collect();
                    format!(concat!("expected ", $what, ": one of {}"), all.join(", "))
                })
            }
        }
    };
}

words! {
    /// How grave it is; `sev1` is the gravest and the least in order.
    Severity: "a severity" { Sev1 = "sev1", Sev2 = "sev2", Sev3 = "sev3", Sev4 = "sev4", Sev5 = "sev5" }
}

words! {
    /// How far the work is. Earlier phases are the safer reading.
    Phase: "a phase" {
        Investigating = "investigating", Identified = "identified", Monitoring = "monitoring", Resolved = "resolved",
    }
}

words! {
    /// The four ends of an incident; never one instant.
    End: "an end" { Mitigated = "mitigated", Normal = "normal", Announced = "announced", Verified = "verified" }
}

words! {
    /// Who does what in the room.
    Role: "a role" {
        Commander = "commander", Deputy = "deputy", Scribe = "scribe", Communications = "communications",
        Liaison = "liaison", Operations = "operations", Expert = "expert",
    }
}

/// What people write for roles, beside their names.
pub const SHORT_ROLES: &[(&str, Role)] =
    &[("ic", Role::Commander), ("comms", Role::Communications), ("ops", Role::Operations)];

impl Role {
    /// The role of that name, or of what people write for it.
    pub fn of(text: &str) -> Result<Role, String> {
        match SHORT_ROLES.iter().find(|(short, _)| text.eq_ignore_ascii_case(short)) {
            Some((_, role)) => Ok(*role),
            None => text.parse(),
        }
    }

    /// The role in words for a person.
    pub fn title(self) -> &'static str {
        match self {
            Role::Commander => "Incident commander",
            Role::Deputy => "Deputy",
            Role::Scribe => "Scribe",
            Role::Communications => "Communications lead",
            Role::Liaison => "Liaison",
            Role::Operations => "Operations lead",
            Role::Expert => "Subject-matter expert",
        }
    }
}

words! {
    /// Where a task stands. Acknowledged ("understood") is not in progress ("doing it").
    TaskState: "a task state" {
        Open = "open", Acknowledged = "acknowledged", InProgress = "in_progress", Blocked = "blocked", Done = "done",
        Cancelled = "cancelled",
    }
}

words! {
    /// Where a message stands. `unknown`: the answer was lost, it may have gone.
    MessageState: "a message state" {
        Draft = "draft", Approved = "approved", Sending = "sending", Sent = "sent", Delivered = "delivered",
        Failed = "failed", Unknown = "unknown", Skipped = "skipped", SentElsewhere = "sent_elsewhere",
    }
}

words! {
    /// Which word of the series a message is.
    Round: "a round" { Initial = "initial", Update = "update", Resolution = "resolution", Correction = "correction" }
}

words! {
    /// Where a stage of an obligation stands by what people did; whether it is overdue is derived from its deadline.
    StageState: "a stage state" {
        Pending = "pending", Drafted = "drafted", Filed = "filed", Confirmed = "confirmed", Waived = "waived",
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How one of many recipients of a stage is told.
    Way: "a way to tell" { Phone = "phone", Writing = "writing" }
}

impl Way {
    /// As it stands in a sentence.
    pub fn said(self) -> &'static str {
        match self {
            Way::Phone => "by telephone",
            Way::Writing => "in writing",
        }
    }
}

words! {
    /// A component's state in the neutral model. An unlisted word of a backend is `unknown`, never operational.
    ComponentState: "a component state" {
        Operational = "operational", Degraded = "degraded", PartialOutage = "partial_outage",
        MajorOutage = "major_outage", Maintenance = "maintenance", Unknown = "unknown",
    }
}

impl ComponentState {
    /// Whether users of the component are harmed for certain. Unknown is not harm, and is not health either.
    pub fn harms(self) -> bool {
        match self {
            ComponentState::Degraded | ComponentState::PartialOutage | ComponentState::MajorOutage => true,
            ComponentState::Operational | ComponentState::Maintenance | ComponentState::Unknown => false,
        }
    }

    /// The short loud word on the screen.
    pub fn short(self) -> &'static str {
        match self {
            ComponentState::Operational => "OK",
            ComponentState::Degraded => "DEGR",
            ComponentState::PartialOutage => "PART",
            ComponentState::MajorOutage => "DOWN",
            ComponentState::Maintenance => "MAINT",
            ComponentState::Unknown => "NOT KNOWN",
        }
    }
}

words! {
    /// An alert's state in the neutral model.
    AlertState: "an alert state" {
        Firing = "firing", Acknowledged = "acknowledged", Suppressed = "suppressed", Resolved = "resolved",
        Unknown = "unknown",
    }
}

words! {
    /// What became of one delivery, by the backend's word.
    Delivery: "a delivery state" {
        Queued = "queued", Sending = "sending", Sent = "sent", Delivered = "delivered", Failed = "failed",
        Unknown = "unknown",
    }
}

words! {
    /// What became of a message for one recipient. Trying: its batch has begun; who still waits has certainly nothing.
    /// Deferred, refused and bounced (taken, and sent back): certainly not reached.
    Reach: "a recipient's state" {
        Waiting = "waiting", Trying = "trying", Sent = "sent", Delivered = "delivered", Deferred = "deferred", Refused = "refused",
        Bounced = "bounced", Unknown = "unknown",
    }
}

words! {
    /// How far a value may be trusted. Only `exact` may feed a rule.
    Quality: "a quality" { Exact = "exact", Partial = "partial", Stale = "stale", Missing = "missing" }
}

words! {
    /// What kind of outside system a backend is.
    Family: "a family" { Status = "status", Notification = "notification", Metrics = "metrics" }
}
