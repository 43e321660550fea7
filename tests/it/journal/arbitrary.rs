//! Any entry at all, and that its stored bytes read back as the same entry.

use proptest::prelude::*;
use serde_json::Value;
use warroom::incident::Instant;
use warroom::incident::entry::{Author, Draft, Entry, EntryId, Hlc, WriterId, decode, encode};
use warroom::incident::what::*;
use warroom::incident::words::*;
use warroom::journal::Cursor;

use super::{INCIDENT, all, ann, noon, place, writing};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "\\PC{0,20}", 1 => any::<String>(), 1 => Just("\u{0}\u{1b}[31m\u{202e}\n\"\\".to_owned())]
}

fn instant() -> impl Strategy<Value = Instant> {
    (-62_000_000_000i64..250_000_000_000, 0u32..1_000_000_000)
        .prop_map(|(seconds, nanos)| Instant::from_timestamp(seconds, nanos).unwrap())
}

fn id() -> impl Strategy<Value = EntryId> {
    any::<u128>().prop_map(|n| EntryId(uuid::Uuid::from_u128(n)))
}

fn ids() -> impl Strategy<Value = Vec<EntryId>> {
    prop::collection::vec(id(), 0..3)
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop::option::of(text())
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

/// A finite number that is not written with more digits than it has.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<i32>().prop_map(f64::from), (-1e6..1e6f64), prop::num::f64::NORMAL]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// An entry's statement, of one of many kinds, the unknown among them.
pub fn what() -> impl Strategy<Value = What> {
    let declared = (
        text(),
        word(Severity::ALL),
        instant(),
        prop::option::of(instant()),
        any::<bool>(),
        prop::collection::vec(text(), 0..3),
    )
        .prop_map(|(title, severity, started, detected, flag, organisation)| {
            let timezone = "America/Chicago".to_owned();
            Declared { title, severity, started, detected, exercise: flag, timezone, organisation, demo: !flag }.into()
        });
    let decided = (text(), text(), prop::collection::vec(text(), 0..3), maybe(), prop::option::of(instant()), maybe())
        .prop_map(|(proposal, outcome, refused, objections, check_at, reversal)| {
            Decided {
                answers: None,
                proposal,
                outcome,
                refused,
                acts: objections.clone(),
                objections,
                check_at,
                reversal,
            }
            .into()
        });
    let drafted = (text(), text(), word(Round::ALL), text(), prop::option::of(instant())).prop_map(
        |(audience, channel, round, text, next_update)| {
            MessageDrafted { audience, channel, round, text, next_update, grounds: Default::default() }.into()
        },
    );
    let fact = (text(), json(), text(), maybe(), ids()).prop_map(|(name, value, unit, confirmed_by, replaces)| {
        FactSet { name, value, basis: unit.clone(), needs: vec![unit.clone()], unit, confirmed_by, replaces }.into()
    });
    let metric = (text(), prop::option::of(number()), word(Quality::ALL), text(), any::<bool>()).prop_map(
        |(origin, value, quality, why, estimated)| {
            MetricMoved { name: origin.clone(), origin, unit: String::new(), value, quality, why, estimated }.into()
        },
    );
    let component = (text(), text(), prop::option::of(word(ComponentState::ALL)), word(ComponentState::ALL), text())
        .prop_map(|(origin, component, from, to, raw)| {
            ComponentChanged { origin, name: component.clone(), component, from, to, raw }.into()
        });
    let alert = (text(), text(), instant(), prop::collection::btree_map(text(), text(), 0..4)).prop_map(
        |(origin, alert, starts_at, labels)| {
            let (name, summary, severity) = (alert.clone(), origin.clone(), alert.clone());
            AlertFired { origin, alert, name, starts_at, summary, severity, labels }.into()
        },
    );
    let updated =
        (text(), text(), prop::option::of(word(Phase::ALL)), text()).prop_map(|(origin, update, phase, body)| {
            let (incident, title, raw_phase) = (update.clone(), body.clone(), origin.clone());
            RemoteUpdated { origin, incident, title, update, phase, raw_phase, body }.into()
        });
    let elsewhere = (text(), maybe(), prop::option::of(word(Round::ALL)), prop::option::of(instant())).prop_map(
        |(audience, proof, round, next_update)| {
            let (channel, by, text) = (audience.clone(), audience.clone(), audience.clone());
            ToldElsewhere { audience, channel, by, proof, text, round, next_update }.into()
        },
    );
    let unknown = ("[a-z]{1,8}\\.[a-z]{1,8}/[2-9]", json())
        .prop_map(|(kind, data)| What::Unknown { kind, raw: data.to_string() });
    prop_oneof![
        declared,
        decided,
        drafted,
        fact,
        metric,
        component,
        alert,
        updated,
        elsewhere,
        unknown,
        (text(), any::<bool>()).prop_map(|(text, follow_up)| Noted { text, follow_up }.into()),
        (text(), ids()).prop_map(|(title, replaces)| Titled { title, replaces }.into()),
        (word(Severity::ALL), text(), ids()).prop_map(|(severity, why, replaces)| SeveritySet {
            severity,
            why,
            replaces
        }
        .into()),
        (word(Phase::ALL), text(), ids()).prop_map(|(phase, why, replaces)| PhaseSet {
            phase,
            overrode: vec![why.clone()],
            why,
            replaces
        }
        .into()),
        (word(End::ALL), text()).prop_map(|(end, basis)| EndReached { end, basis }.into()),
        (word(Role::ALL), maybe(), text(), ids()).prop_map(|(role, holder, why, replaces)| RoleSet {
            role,
            holder,
            why,
            replaces
        }
        .into()),
        (text(), maybe(), any::<u32>(), any::<bool>()).prop_map(|(title, team, minutes, first)| {
            TaskAdded { title, owner: team.clone(), planned: team.clone(), team, minutes, first }.into()
        }),
        (word(Role::ALL), maybe(), text(), text()).prop_map(|(role, from, to, brief)| HandoverOffered {
            role,
            from,
            to,
            brief
        }
        .into()),
        (id(), text(), ids())
            .prop_map(|(offer, brief_sha256, replaces)| { HandoverAccepted { offer, brief_sha256, replaces }.into() }),
        (text(), maybe(), prop::collection::vec(text(), 0..3), ids()).prop_map(|(team, lead, members, replaces)| {
            TeamSet { name: team.clone(), team, parent: lead.clone(), lead, members, replaces }.into()
        }),
        (prop::collection::vec(text(), 0..3), any::<u32>()).prop_map(|(people, minutes)| RollCallAsked {
            people,
            minutes
        }
        .into()),
        (id(), text(), text()).prop_map(|(timeout, known, tired)| {
            let (assumed, change_mind) = (known.clone(), tired.clone());
            TimeOutEnded { timeout, known, assumed, change_mind, tired }.into()
        }),
        (text(), maybe(), prop::collection::vec(text(), 0..3), ids()).prop_map(|(of, address, needs, replaces)| {
            ContactSet { way: of.clone(), of, address, needs, replaces }.into()
        }),
        (id(), prop::option::of(any::<bool>()), text()).prop_map(|(decision, worked, seen)| DecisionChecked {
            decision,
            worked,
            seen
        }
        .into()),
        (text(), prop::option::of(instant()), ids()).prop_map(|(text, until, replaces)| ObjectivesSet {
            text,
            until,
            replaces
        }
        .into()),
        (id(), text(), any::<u32>()).prop_map(|(task, owner, minutes)| TaskAssigned { task, owner, minutes }.into()),
        (id(), text()).prop_map(|(task, on)| TaskBlocked { task, on }.into()),
        (text(), text(), any::<u32>(), any::<usize>()).prop_map(|(group, by, minutes, count)| {
            AlertsAcknowledged { group, by, minutes, count: count >> 1 }.into()
        }),
        (id(), text(), text()).prop_map(|(message, backend, process)| MessageSending {
            message,
            backend,
            process,
            recipients: Vec::new(),
            subject: String::new()
        }
        .into()),
        (text(), text(), text(), instant())
            .prop_map(|(text, to, owner, due)| PromiseMade { text, to, owner, due }.into()),
        (text(), instant(), text(), any::<bool>(), ids())
            .prop_map(|(clock, at, why, assumed, replaces)| { ClockSet { clock, at, why, assumed, replaces }.into() }),
        (text(), text()).prop_map(|(rule, stage)| {
            StageFiled { rule, reference: stage.clone(), person: stage.clone(), stage, how: Default::default() }.into()
        }),
        (id(), word(Delivery::ALL), text())
            .prop_map(|(sending, state, detail)| ReceiptSeen { sending, state, detail }.into()),
        (id(), text()).prop_map(|(entry, why)| Retracted { entry, why }.into()),
        (id(), text()).prop_map(|(entry, text)| Amended { entry, text }.into()),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let author = (text(), text(), any::<bool>()).prop_map(|(person, host, machine)| Author { person, host, machine });
    (any::<u128>(), 1u64.., id(), any::<(i64, u32)>(), instant(), instant(), author, what()).prop_map(
        |(writer, seq, id, (ms, n), happened, recorded, author, what)| {
            let writer = WriterId(uuid::Uuid::from_u128(writer));
            Entry { writer, seq, id, hlc: Hlc(ms, n), happened, recorded, author, what }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn stored_bytes_read_back_as_the_same_entry(entry in entry()) {
        let bytes = encode(&entry);
        prop_assert_eq!(decode(entry.writer, entry.seq, &bytes).unwrap(), entry);
    }

    #[test]
    fn nonsense_is_refused_in_words_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(WriterId(uuid::Uuid::nil()), 1, &bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_appended_is_what_is_read(whats in prop::collection::vec(what(), 1..12)) {
        let (_directory, path) = place();
        let mut journal = writing(&path);
        let drafts: Vec<Draft> = whats.iter().cloned().map(Draft::now).collect();
        let done = journal
            .append::<std::convert::Infallible>(INCIDENT, &ann(), noon(), Cursor::START, |_| Ok(drafts))
            .unwrap();
        drop(journal);
        let read = all(&mut writing(&path));
        prop_assert_eq!(&read, &done.own);
        let read: Vec<What> = read.into_iter().map(|e| e.what).collect();
        prop_assert_eq!(read, whats);
    }
}
