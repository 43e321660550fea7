//! What a command becomes at the head of the journal: entries, or a refusal that says why. Pure; also asked by the footer.

use super::Instant;
use super::apply::{lowers, retractable};
use super::command::{Actor, Command, Decision, Refusal, Target};
use super::decide_leading as leading;
use super::decide_messages::{self as messages, NewText};
use super::entry::{Draft, EntryId};
use super::exercise;
use super::leading::same;
use super::message::{self, Message, MessageEvent};
use super::person;
use super::plan::Plan;
use super::rights::{self, Rights};
use super::stage::{self, How, StageEvent};
use super::state::Incident;
use super::task::{self, NoEffect, Task, TaskEvent};
use super::twice;
use super::what::*;
use super::words::{MessageState, Phase, Role, Round, Severity, TaskState};
use crate::text::leaving;

/// Most minutes that a check-in may lie ahead: a day.
const MOST_MINUTES: u32 = 24 * 60;

/// What is needed to declare an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Declare {
    pub title: String,
    pub severity: Severity,
    pub started: Option<Instant>,
    pub detected: Option<Instant>,
    pub exercise: bool,
    pub demo: bool,
    pub timezone: String,
    pub organisation: Vec<String>,
    /// Name and whole text of the playbook.
    pub playbook: Option<(String, String)>,
    /// Whole text of the rules in force.
    pub rules: String,
}

/// The first entries of an incident: the declaration, plan and rules in force, and the plan's tasks.
pub fn declare(declare: &Declare, plan: &Plan, now: Instant) -> Result<Vec<Draft>, Refusal> {
    if declare.title.trim().is_empty() {
        return Err(Refusal::new("an incident needs a title"));
    }
    let started = declare.started.unwrap_or(now);
    if started > now {
        return Err(Refusal::new("the start lies in the future"));
    }
    if declare.detected.is_some_and(|detected| detected < started || detected > now) {
        return Err(Refusal::new("it cannot be detected before it started, nor in the future"));
    }
    let mut drafts = vec![Draft::now(
        Declared {
            title: declare.title.trim().to_owned(),
            severity: declare.severity,
            started,
            detected: declare.detected,
            exercise: declare.exercise,
            timezone: declare.timezone.clone(),
            organisation: declare.organisation.clone(),
            demo: declare.demo,
        }
        .into(),
    )];
    if let Some((name, text)) = &declare.playbook {
        let sha256 = message::sha256(text);
        let adopted = PlanAdopted { name: name.clone(), text: text.clone(), sha256, replaces: Vec::new() };
        drafts.push(Draft::now(adopted.into()));
    }
    let rules =
        RulesAdopted { text: declare.rules.clone(), sha256: message::sha256(&declare.rules), replaces: Vec::new() };
    drafts.push(Draft::now(rules.into()));
    if !plan.rights.is_empty() {
        let Rights { who, own_text } = plan.rights.clone();
        drafts.push(Draft::now(RightsAdopted { who, own_text, replaces: Vec::new() }.into()));
    }
    for task in &plan.tasks {
        let added = TaskAdded {
            title: task.title.clone(),
            team: task.team.clone(),
            owner: None,
            minutes: task.minutes,
            first: task.first,
            planned: Some(task.id.clone()),
        };
        drafts.push(Draft::now(added.into()));
    }
    Ok(drafts)
}

/// The entries that a command becomes, judged against the state at the head.
pub fn decide(
    incident: &Incident,
    plan: &Plan,
    command: &Command,
    actor: &Actor,
    now: Instant,
) -> Result<Vec<Draft>, Refusal> {
    if incident.declared.is_none() {
        return Err(Refusal::new("there is no declared incident here"));
    }
    let one = |what: What| Ok(vec![Draft::now(what)]);
    match command {
        Command::Note { text, at, follow_up } => {
            let text = required(text, "a note")?;
            // The scribe's first word says what it is: a change, or something to come back to.
            let what: What = match first_word(&text) {
                "change" if !follow_up => ChangeNoted { text }.into(),
                word => Noted { follow_up: *follow_up || word == "todo", text }.into(),
            };
            Ok(vec![Draft { what, happened: past(*at, now)?, id: None }])
        }
        Command::Ask { proposal, by, risk } => {
            let by = if by.trim().is_empty() { actor.person.clone() } else { by.trim().to_owned() };
            one(Asked { proposal: required(proposal, "a proposal")?, by, risk: risk.trim().to_owned() }.into())
        }
        Command::Decide(decision) => {
            answerable(incident, actor, "decide")?;
            let made = decided(decision, now)?;
            let mut drafts = Vec::new();
            // Who acts has a task, so that it comes back like any other.
            if let Some(owner) = &made.acts {
                let minutes = made.check_at.map_or(10, |at| (at - now).num_minutes().clamp(1, 1440));
                // "yes" alone would tell nobody what to do.
                let short = made.outcome.split_whitespace().count() < 3;
                let title = if short { format!("{} ({})", made.proposal, made.outcome) } else { made.outcome.clone() };
                let owner = Some(owner.clone());
                let minutes = u32::try_from(minutes).unwrap_or(10);
                drafts.push(Draft::now(
                    TaskAdded { title, team: None, owner, minutes, first: false, planned: None }.into(),
                ));
            }
            drafts.insert(0, Draft::now(made.into()));
            Ok(drafts)
        }
        Command::SetSeverity { severity, why } => {
            answerable(incident, actor, "set the severity")?;
            let register = &incident.severity;
            if register.agreed() == Some(severity) {
                return Err(Refusal::new(format!("it is {severity} already")));
            }
            if lowers(incident.severity(), *severity) && why.trim().is_empty() {
                return Err(Refusal::new("lowering the severity asks why"));
            }
            one(SeveritySet { severity: *severity, why: why.clone(), replaces: register.replaces() }.into())
        }
        Command::SetPhase { phase, why, by_name } => {
            answerable(incident, actor, "set the phase")?;
            if *phase == Phase::Resolved {
                rights::may(incident, plan, &actor.person, "resolve", "resolve")?;
            }
            one(leading::set_phase(incident, plan, *phase, why, by_name.as_deref(), actor)?)
        }
        Command::ReachEnd { end, at, basis } => {
            let reached = EndReached { end: *end, basis: required(basis, "how you know")? };
            Ok(vec![Draft { what: reached.into(), happened: past(*at, now)?, id: None }])
        }
        Command::CheckDecision { decision, worked, seen } => {
            if !incident.decisions.contains(decision) {
                return Err(Refusal::new("there is no such decision"));
            }
            let seen = required(seen, "what you see now")?;
            one(DecisionChecked { decision: *decision, worked: *worked, seen }.into())
        }
        Command::StartTimeOut { minutes } => one(leading::start_timeout(incident, *minutes, now)?),
        Command::EndTimeOut { timeout, known, assumed, change_mind, tired } => {
            match incident.leading.timeouts.get(timeout) {
                None => return Err(Refusal::new("there is no such time-out")),
                Some(found) if found.ended.is_some() => return Err(Refusal::new("it was ended already")),
                Some(_) => {}
            }
            let trimmed = |text: &String| text.trim().to_owned();
            let (known, assumed) = (trimmed(known), trimmed(assumed));
            let (change_mind, tired) = (trimmed(change_mind), trimmed(tired));
            one(TimeOutEnded { timeout: *timeout, known, assumed, change_mind, tired }.into())
        }
        Command::SetObjectives { text, until } => {
            if until.is_some_and(|until| until < now) {
                return Err(Refusal::new("the period ends in the past"));
            }
            let replaces = incident.leading.objectives.replaces();
            one(ObjectivesSet { text: required(text, "the objectives")?, until: *until, replaces }.into())
        }
        Command::SetContact { of, way, address, needs } => {
            let (of, way) = (required(of, "of whom")?, required(way, "the way")?);
            let address = address.as_ref().map(|a| required(a, "an address")).transpose()?;
            if address.is_none()
                && !incident.leading.records(&of, &way)
                && !plan.contacts.iter().any(|c| same(&c.of, &of) && same(&c.way, &way))
            {
                return Err(Refusal::new(format!("no {way} of {of} is on file: an address is needed")));
            }
            let replaces =
                incident.leading.contacts.get(&(of.clone(), way.clone())).map(|r| r.replaces()).unwrap_or_default();
            one(ContactSet { of, way, address, needs: needs.clone(), replaces }.into())
        }
        Command::Offer { role, to, brief } => one(leading::offer(incident, *role, to, brief, actor)?),
        Command::AcceptOffer { offer, brief_sha256 } => one(leading::accept(incident, *offer, brief_sha256, actor)?),
        Command::RefuseOffer { offer, why } => one(leading::refuse_offer(incident, *offer, why, actor)?),
        Command::SetTeams(wishes) => {
            Ok(leading::set_teams(incident, plan, wishes)?.into_iter().map(Draft::now).collect())
        }
        Command::CallRoll { people, minutes } => one(leading::call_roll(incident, plan, people, *minutes, actor)?),
        Command::AnswerRoll { call, person, says } => one(leading::answer_roll(incident, *call, person, says)?),
        Command::AdoptRights(rights) => {
            answerable(incident, actor, "say who may do what")?;
            rights::may_adopt(incident, &actor.person)?;
            if incident.rights.agreed().map_or(rights.is_empty(), |in_force| in_force == rights) {
                return Err(Refusal::new("these are in force already"));
            }
            let Rights { who, own_text } = rights.clone();
            one(RightsAdopted { who, own_text, replaces: incident.rights.replaces() }.into())
        }
        Command::StandFor { entry, why } => {
            answerable(incident, actor, "stand for what somebody did")?;
            let done = incident.unrightful.get(entry);
            let done = done.ok_or_else(|| Refusal::new("nothing was done without the right there"))?;
            if let Some(stood) = &done.stood {
                return Err(Refusal::new(format!("{} stands for it already", stood.by)));
            }
            rights::may(incident, plan, &actor.person, &done.act, "stand for it")?;
            one(RightStood { entry: *entry, why: required(why, "why it stands, or what is done about it")? }.into())
        }
        Command::Retitle { title } => {
            one(Titled { title: required(title, "a title")?, replaces: incident.title.replaces() }.into())
        }
        Command::SetRole { role, holder, why } => {
            answerable(incident, actor, "give or take a role")?;
            let holder = match holder {
                Some(name) if person::is_shared(name) => {
                    return Err(Refusal::new(format!("{name} is a shared account: name the person")));
                }
                Some(name) => Some(required(name, "a name")?),
                None => None,
            };
            let register = incident.roles.get(role);
            if register.and_then(|r| r.agreed()) == Some(&holder) {
                return Err(Refusal::new(match holder {
                    Some(name) => format!("{name} is {} already", role.title().to_lowercase()),
                    None => "nobody holds it".to_owned(),
                }));
            }
            if let Some(sitting) = incident.holder(*role)
                && needs_a_handover(incident, actor, *role, sitting, holder.as_deref())
                && why.trim().is_empty()
            {
                return Err(Refusal::new(format!(
                    "why: {sitting} is {} until a handover is accepted (H); say why it is taken without one",
                    role.title().to_lowercase()
                )));
            }
            let replaces = register.map(|r| r.replaces()).unwrap_or_default();
            one(RoleSet { role: *role, holder, why: why.trim().to_owned(), replaces }.into())
        }
        Command::AddTask { title, team, owner, minutes } => {
            if let Some(team) = team
                && plan.team(team).is_none()
            {
                let known: Vec<&str> = plan.teams.iter().map(|t| t.id.as_str()).collect();
                let known = if known.is_empty() { "the playbook has none".to_owned() } else { known.join(", ") };
                return Err(Refusal::new(format!("no team is called {team}: {known}")));
            }
            let title = required(title, "a task")?;
            if let Some(task) = incident.tasks.values().find(|t| t.live() && same(&t.title, &title)) {
                return Err(Refusal::new(match &task.owner {
                    Some(owner) => format!("{owner} has this task already: \"{}\"", task.title),
                    None => format!("there is this task already, and nobody has it: \"{}\"", task.title),
                }));
            }
            if let Some(owner) = owner.as_ref().filter(|owner| person::is_shared(owner)) {
                return Err(Refusal::new(format!("{owner} is a shared account: name the person who has it")));
            }
            let added = TaskAdded {
                title,
                team: team.clone(),
                owner: owner.clone().filter(|o| !o.trim().is_empty()),
                minutes: checked_minutes(*minutes)?,
                first: false,
                planned: None,
            };
            one(added.into())
        }
        Command::Assign { task, owner, minutes } => {
            let owner = required(owner, "an owner")?;
            if person::is_shared(&owner) {
                return Err(Refusal::new(format!("{owner} is a shared account: name the person who has it")));
            }
            let minutes = checked_minutes(*minutes)?;
            on_task(incident, *task, TaskEvent::Assigned { owner: &owner, minutes }, now)?;
            one(TaskAssigned { task: *task, owner, minutes }.into())
        }
        Command::Acknowledge { target: Target::Task(id), minutes } => {
            let minutes = checked_minutes(*minutes)?;
            // Acknowledging anew what one holds would be more time without a reason.
            let theirs = incident.tasks.get(id).filter(|t| t.owner.as_ref().is_some_and(|o| same(o, &actor.person)));
            if theirs.is_some_and(|t| matches!(t.state, TaskState::Acknowledged | TaskState::InProgress)) {
                return Err(Refusal::new(
                    "it is yours already: Space when you begin or end, x for more time with its reason",
                ));
            }
            if let Some(owner) =
                incident.tasks.get(id).and_then(|t| t.owner.as_ref()).filter(|o| !same(o, &actor.person))
            {
                return Err(Refusal::new(format!(
                    "{owner} has it: A gives it to another; Space, once {owner} understood"
                )));
            }
            on_task(incident, *id, TaskEvent::Acknowledged { by: &actor.person, minutes }, now)?;
            one(TaskAcknowledged { task: *id, by: actor.person.clone(), minutes }.into())
        }
        Command::Acknowledge { target: Target::Alerts { group, count }, minutes } => {
            let minutes = checked_minutes(*minutes)?;
            let standing = incident.alerts.values().filter(|a| a.name == *group && a.gone.is_none()).count();
            if standing == 0 {
                return Err(Refusal::new(format!("no alert {group} stands")));
            }
            let acked = AlertsAcknowledged { group: group.clone(), by: actor.person.clone(), minutes, count: *count };
            one(acked.into())
        }
        Command::Hear { task } => {
            let found = incident.tasks.get(task).ok_or_else(|| Refusal::new("there is no such task"))?;
            let by = found.owner.clone().ok_or_else(|| Refusal::new("nobody has it: A gives it, a takes it"))?;
            let minutes = checked_minutes(found.minutes)?;
            on_task(incident, *task, TaskEvent::Acknowledged { by: &by, minutes }, now)?;
            one(TaskAcknowledged { task: *task, by, minutes }.into())
        }
        Command::StartTask { task } => {
            if incident.tasks.get(task).is_some_and(|t| t.owner.is_none()) {
                return Err(Refusal::new("nobody has it: a takes it, A gives it"));
            }
            on_task(incident, *task, TaskEvent::Started, now)?;
            one(TaskStarted { task: *task }.into())
        }
        Command::BlockTask { task, on } => {
            let on = required(on, "what or whom it waits for")?;
            on_task(incident, *task, TaskEvent::Blocked { on: &on }, now)?;
            one(TaskBlocked { task: *task, on }.into())
        }
        Command::FinishTask { task, result } => {
            on_task(incident, *task, TaskEvent::Done { result }, now)?;
            one(TaskDone { task: *task, result: result.clone() }.into())
        }
        Command::CancelTask { task, why } => {
            let why = required(why, "a reason")?;
            on_task(incident, *task, TaskEvent::Cancelled { why: &why }, now)?;
            one(TaskCancelled { task: *task, why }.into())
        }
        Command::ExtendTask { task, minutes, why } => {
            let why = required(why, "a reason")?;
            // More time is on top of what is left: it never takes any away. The entry says when they come back.
            let left = incident.tasks.get(task).and_then(|t| t.due).map_or(0, |due| (due - now).num_seconds().max(0));
            let left = u32::try_from(left.saturating_add(59) / 60).unwrap_or(0);
            let minutes = checked_minutes(checked_minutes(*minutes)?.saturating_add(left))?;
            on_task(incident, *task, TaskEvent::Extended { minutes }, now)?;
            one(TaskExtended { task: *task, minutes, why }.into())
        }
        Command::DraftMessage { audience, channel, round, text, next_update, grounds } => {
            let new = NewText { text, next_update: *next_update, grounds };
            one(messages::drafted(incident, plan, (audience, channel, *round), &new)?.into())
        }
        Command::DraftAndApprove { audience, channel, round, text, next_update, grounds } => {
            let new = NewText { text, next_update: *next_update, grounds };
            let drafted = messages::drafted(incident, plan, (audience, channel, *round), &new)?;
            let text_sha256 = message::sha256(&drafted.text);
            // Both entries are written together: the message's id is settled here.
            let id =
                EntryId::derived(&[&actor.person, &actor.host, audience, channel, &text_sha256, &now.to_rfc3339()]);
            let approved = messages::first_step(incident, plan, actor, (id, audience, channel), grounds, text_sha256)?;
            Ok(vec![Draft::now(drafted.into()).with_id(id), Draft::now(approved.into())])
        }
        Command::EditMessage { message, text, next_update, grounds } => {
            let new = NewText { text, next_update: *next_update, grounds };
            one(messages::edited(incident, plan, actor, *message, &new, now)?.into())
        }
        Command::EditAndApprove { message, text, next_update, grounds } => {
            let new = NewText { text, next_update: *next_update, grounds };
            let edited = messages::edited(incident, plan, actor, *message, &new, now)?;
            let found = message_of(incident, *message)?;
            let (text_sha256, about) = (message::sha256(&edited.text), (*message, &*found.audience, &*found.channel));
            let approved = messages::first_step(incident, plan, actor, about, grounds, text_sha256)?;
            Ok(vec![Draft::now(edited.into()), Draft::now(approved.into())])
        }
        Command::ApproveMessage { message, text_sha256 } => {
            one(messages::approved(incident, plan, actor, *message, (text_sha256, ""), now)?.into())
        }
        Command::SkipStep { message, text_sha256, why } => {
            let why = required(why, "why the step is left out")?;
            one(messages::approved(incident, plan, actor, *message, (text_sha256, &why), now)?.into())
        }
        Command::SendMessage { message, process } => {
            answerable(incident, actor, "release")?;
            rights::may(incident, plan, &actor.person, "send", "release")?;
            let found = message_of(incident, *message)?;
            if let Some(moved) = found.overtaken.first() {
                let then = if found.told.is_some() { "a correction goes instead" } else { "edit it first" };
                return Err(Refusal::new(format!("{} is another now than in this text: {then}", moved.name)));
            }
            if incident.is_exercise() {
                return Err(Refusal::new("this is an exercise: nothing of it leaves the building"));
            }
            if let Some(why) = plan.audience(&found.audience).and_then(|a| a.hold.as_ref()) {
                return Err(Refusal::new(format!("on hold: {why}")));
            }
            let Some(backend) = plan.channel(&found.channel).and_then(|c| c.via.clone()) else {
                return Err(Refusal::new("no backend carries this channel: post it, then record it as sent elsewhere"));
            };
            let recipients = message::still_to_reach(plan, &found.audience, &found.channel, Some(found));
            let subject = message::subject(incident, plan, &found.channel, found.round);
            let subject = if recipients.is_empty() { String::new() } else { subject };
            let event = MessageEvent::Sending(message::Begun {
                entry: *message,
                backend: &backend,
                process,
                by: &actor.person,
                recipients: &recipients,
                subject: &subject,
            });
            // The fold lets a text leave that somebody approved without the right, since it has left; nobody begins with one.
            if found.state == MessageState::Draft {
                return Err(Refusal::new("it is not approved"));
            }
            refuse(message::step(found, event, now))?;
            if recipients.is_empty() && !found.recipients.is_empty() {
                return Err(Refusal::new(
                    "nobody of the playbook's recipients is left to whom it certainly did not go",
                ));
            }
            let process = process.clone();
            one(MessageSending { message: *message, backend, process, recipients, subject }.into())
        }
        Command::SkipMessage { message, why } => {
            let why = required(why, "a reason")?;
            refuse(message::step(message_of(incident, *message)?, MessageEvent::Skipped { why: &why }, now))?;
            one(MessageSkipped { message: *message, why }.into())
        }
        Command::RecordElsewhere { audience, channel, by, at, proof, text, next_update } => {
            if plan.audience(audience).is_none() {
                return Err(Refusal::new(format!("no audience is called {audience}")));
            }
            if plan.channel(channel).is_none() {
                return Err(Refusal::new(format!("no channel is called {channel}")));
            }
            let told_before = incident.messages.values().any(|m| m.audience == *audience && m.told.is_some());
            let told = ToldElsewhere {
                audience: audience.clone(),
                channel: channel.clone(),
                by: required(by, "who told them")?,
                proof: proof.clone().filter(|p| !p.trim().is_empty()),
                text: exercise::text(incident, text),
                round: Some(if told_before { Round::Update } else { Round::Initial }),
                next_update: *next_update,
            };
            Ok(vec![Draft { what: told.into(), happened: past(*at, now)?, id: None }])
        }
        Command::SettleMessage { message, went, how } => {
            let how = required(how, "how you know")?;
            let found = message_of(incident, *message)?;
            if !found.may_be_lost(now) && twice::both(incident, found).is_empty() {
                return Err(Refusal::new(format!("it is {}, there is nothing to settle", found.state)));
            }
            let reference = format!("seen by {}: {how}", actor.person);
            if *went {
                one(MessageSent { message: *message, reference }.into())
            } else {
                one(MessageFailed { message: *message, why: format!("did not go, {reference}") }.into())
            }
        }
        Command::Promise { text, to, due } => {
            let made = PromiseMade {
                text: required(text, "what is promised")?,
                to: required(to, "to whom")?,
                owner: actor.person.clone(),
                due: *due,
            };
            one(made.into())
        }
        Command::KeepPromise { promise, how } => match incident.promises.get(promise) {
            Some(found) if found.kept.is_none() => one(PromiseKept { promise: *promise, how: how.clone() }.into()),
            Some(_) => Err(Refusal::new("it was kept already")),
            None => Err(Refusal::new("there is no such promise")),
        },
        Command::SetFact { name, value, basis, confirmed_by, at } => {
            confirmed_by.as_deref().map_or(Ok(()), person::confirms)?;
            let planned = plan.facts.iter().find(|f| f.name == *name);
            if let Some(unit) = planned.map(|f| f.unit.as_str()).filter(|unit| !unit.is_empty())
                && !(value.is_number() || value.is_null())
            {
                return Err(Refusal::new(format!(
                    "value: {name} is a number of {unit}, such as 125000000 or 125M; empty: not known"
                )));
            }
            let set = FactSet {
                name: required(name, "a fact's name")?,
                value: value.clone(),
                unit: planned.map(|f| f.unit.clone()).unwrap_or_default(),
                basis: basis.clone(),
                confirmed_by: confirmed_by.clone(),
                needs: planned.map(|f| f.clear.clone()).unwrap_or_default(),
                replaces: incident.facts.get(name).map(|r| r.replaces()).unwrap_or_default(),
            };
            Ok(vec![Draft { what: set.into(), happened: past(*at, now)?, id: None }])
        }
        Command::ClearFact { name, step, basis } => {
            answerable(incident, actor, "clear a fact")?;
            let setting = incident.facts.get(name).and_then(|r| r.setting());
            let Some(setting) = setting else {
                return Err(Refusal::new(format!("{name} is not stated, or disputed: F states it")));
            };
            let wanted = incident.uncleared(name);
            let step = match (step.as_str(), wanted.first()) {
                (_, None) => return Err(Refusal::new(format!("nobody has still to clear {name}"))),
                ("", Some(first)) => first.clone(),
                (step, _) if wanted.iter().any(|w| w == step) => step.to_owned(),
                (step, _) => return Err(Refusal::new(format!("{step} has not to clear it: {}", wanted.join(", ")))),
            };
            rights::may(incident, plan, &actor.person, &step, &format!("clear {name} as {step}"))?;
            if !rights::names(incident, plan, &step) && setting.by == actor.person {
                return Err(Refusal::new(format!("you stated it: {step} has to clear it, and is somebody else")));
            }
            one(FactCleared { name: name.clone(), set: setting.entry, step, basis: basis.clone() }.into())
        }
        Command::SetService { audience, harmed, at, basis } => {
            answerable(incident, actor, "say how an audience's service is")?;
            let at = past(*at, now)?.unwrap_or(now);
            let stated = messages::service(incident, plan, audience, (*harmed, at), basis)?;
            Ok(vec![Draft::at(stated.into(), at)])
        }
        Command::SetClock { clock, at, why, assumed } => {
            if clock.starts_with("restoration") {
                not_before(incident, Some(*at), "restored")?;
            }
            let set = ClockSet {
                clock: required(clock, "a clock's name")?,
                at: past(Some(*at), now)?.unwrap_or(*at),
                why: required(why, "a reason")?,
                assumed: *assumed,
                replaces: incident.clocks.get(clock).map(|r| r.replaces()).unwrap_or_default(),
            };
            one(set.into())
        }
        Command::DraftStage { rule, stage } => {
            on_stage(incident, rule, stage, StageEvent::Drafted, now)?;
            one(StageDrafted { rule: rule.clone(), stage: stage.clone() }.into())
        }
        Command::File { rule, stage, at, reference, person, how } => {
            rights::may(incident, plan, &actor.person, "file", "file")?;
            let event = StageEvent::Filed { reference, person, how, by: &actor.person };
            on_stage(incident, rule, stage, event, now)?;
            not_before(incident, *at, "filed")?;
            let trimmed = |text: &str| text.trim().to_owned();
            let filed = StageFiled {
                rule: rule.clone(),
                stage: stage.clone(),
                reference: trimmed(reference),
                person: trimmed(person),
                how: How {
                    channel: trimmed(&how.channel),
                    proof: trimmed(&how.proof),
                    why: trimmed(&how.why),
                    figures: how.figures.clone(),
                },
            };
            Ok(vec![Draft { what: filed.into(), happened: past(*at, now)?, id: None }])
        }
        Command::ConfirmStage { rule, stage, how } => {
            rights::may(incident, plan, &actor.person, "file", "confirm a filing")?;
            let how = required(how, "what confirms it")?;
            on_stage(incident, rule, stage, StageEvent::Confirmed { how: &how }, now)?;
            one(StageConfirmed { rule: rule.clone(), stage: stage.clone(), how }.into())
        }
        Command::WaiveStage { rule, stage, why, by, figures } => {
            rights::may(incident, plan, &actor.person, "file", "waive a filing")?;
            let (why, by) = (required(why, "a reason")?, required(by, "the name of who decides it")?);
            on_stage(incident, rule, stage, StageEvent::Waived { why: &why, by: &by, figures }, now)?;
            one(StageWaived { rule: rule.clone(), stage: stage.clone(), why, by, figures: figures.clone() }.into())
        }
        Command::WithdrawStage { rule, stage, why, by, figures } => {
            rights::may(incident, plan, &actor.person, "file", "withdraw a filing")?;
            let (why, by) = (required(why, "a reason")?, required(by, "the name of who decides it")?);
            on_stage(incident, rule, stage, StageEvent::Withdrawn { why: &why, by: &by, figures }, now)?;
            one(StageWithdrawn { rule: rule.clone(), stage: stage.clone(), why, by, figures: figures.clone() }.into())
        }
        Command::Tell { rule, stage, name, by, person, at } => {
            rights::may(incident, plan, &actor.person, "file", "record whom an agency's rule asks to tell")?;
            let desks = plan.desks(rule);
            let begins = |desk: &&&super::plan::Desk| desk.name.to_lowercase().starts_with(&name.trim().to_lowercase());
            let mut beginning = desks.iter().filter(begins).filter(|_| !name.trim().is_empty());
            let one = match (beginning.next(), beginning.next()) {
                (Some(one), None) => Some(one),
                _ => None,
            };
            let Some(desk) = desks.iter().find(|desk| same(&desk.name, name)).or(one) else {
                let near = crate::text::suggest::nearest(name, desks.iter().map(|d| d.name.as_str()));
                let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
                return Err(Refusal::new(format!("the playbook's list for {rule} has no {name}{hint}")));
            };
            let told = incident.told.get(&(rule.clone(), stage.clone())).and_then(|of_stage| of_stage.get(&desk.name));
            if told.and_then(|t| t.by.get(by)).is_some_and(|m| !m.person.is_empty() || person.trim().is_empty()) {
                return Err(Refusal::new(format!("{} was told {} already", desk.name, by.said())));
            }
            let told = AgencyTold {
                rule: rule.clone(),
                stage: stage.clone(),
                name: desk.name.clone(),
                by: *by,
                person: person.trim().to_owned(),
            };
            Ok(vec![Draft { what: told.into(), happened: past(*at, now)?, id: None }])
        }
        Command::TakeCall { agency, about, due, taken_by, caller } => {
            if *due <= now {
                return Err(Refusal::new("answer by: that is past already"));
            }
            let taken_by = if taken_by.trim().is_empty() { actor.person.as_str() } else { taken_by.trim() };
            let called = AgencyCalled {
                agency: required(agency, "which agency")?,
                about: required(about, "what it is about")?,
                due: *due,
                taken_by: taken_by.to_owned(),
                caller: caller.trim().to_owned(),
            };
            one(called.into())
        }
        Command::Retract { entry, why } => {
            let row = incident.timeline.find(*entry).ok_or_else(|| Refusal::new("there is no such entry"))?;
            if let What::HandoverOffered(_) = row.entry.what {
                return Err(Refusal::new("an offer is withdrawn where it stands: H, then N with the reason"));
            }
            if !retractable(&row.entry.what) {
                return Err(Refusal::new(
                    "what left the building, or was seen, cannot be taken back: write a correction",
                ));
            }
            // These were true of the outside world: they go back in the open, or with a reason, never by a slip of a key.
            match &row.entry.what {
                What::StageFiled(_) => {
                    return Err(Refusal::new(
                        "a filing went out: withdraw it with the reason (withdraw), or file it anew",
                    ));
                }
                What::StageConfirmed(_) if why.trim().is_empty() => {
                    return Err(Refusal::new(
                        "the agency's confirmation stands: `warroom undo ID --why` says why it is wrong",
                    ));
                }
                What::ToldElsewhere(_) if why.trim().is_empty() => {
                    return Err(Refusal::new(
                        "they were told: record the right word (e), or `warroom undo ID --why` says it never went",
                    ));
                }
                _ => {}
            }
            let message = match &row.entry.what {
                What::MessageDrafted(_) => Some(row.entry.id),
                What::MessageEdited(w) => Some(w.message),
                What::MessageApproved(w) => Some(w.message),
                _ => None,
            };
            if message
                .and_then(|id| incident.messages.get(&id))
                .is_some_and(|m| m.told.is_some() || m.sending.is_some())
            {
                return Err(Refusal::new("it has left, or may have: write a correction instead"));
            }
            // Taking back a reopening would resolve it unseen.
            if matches!(row.entry.what, What::PhaseSet(_)) && incident.phase.before() == Some(&Phase::Resolved) {
                return Err(Refusal::new("it would be resolved again: set the phase anew (P)"));
            }
            if let super::timeline::Effect::Retracted(_) = row.effect {
                return Err(Refusal::new("it is taken back already"));
            }
            one(Retracted { entry: *entry, why: why.clone() }.into())
        }
        Command::Amend { entry, text } => {
            let row = incident.timeline.find(*entry).ok_or_else(|| Refusal::new("there is no such entry"))?;
            match row.entry.what {
                _ if matches!(row.effect, super::timeline::Effect::Retracted(_)) => {
                    Err(Refusal::new("it is taken back: there is nothing to amend"))
                }
                What::Noted(_) | What::ChangeNoted(_) | What::Decided(_) => {
                    one(Amended { entry: *entry, text: required(text, "the new words")? }.into())
                }
                _ => Err(Refusal::new("only the words of a note or decision can be amended")),
            }
        }
    }
}

/// Names of the components that are in a harming state, or whose state is not known any more.
pub fn components_down(incident: &Incident) -> Vec<String> {
    incident.components.values().filter(|c| c.state.is_none_or(|s| s.harms())).map(|c| c.name.clone()).collect()
}

pub(super) fn required(text: &str, what: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() { Err(Refusal::new(format!("{what} is needed"))) } else { Ok(text.to_owned()) }
}

/// The first word of a text, in small letters, for the two that mean something.
fn first_word(text: &str) -> &'static str {
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    match word.to_lowercase().as_str() {
        "change" => "change",
        "todo" => "todo",
        _ => "",
    }
}

/// Whether a role passes on only by a handover, or with a reason. Its holder may leave it, and the commander gives every
/// role but their own.
fn needs_a_handover(incident: &Incident, actor: &Actor, role: Role, sitting: &str, holder: Option<&str>) -> bool {
    if role == Role::Commander {
        return sitting != actor.person || holder.is_some();
    }
    sitting != actor.person && incident.holder(Role::Commander) != Some(actor.person.as_str())
}

/// Somebody must answer for what leaves. Of a demo nothing leaves, and its record is thrown away.
pub(super) fn answerable(incident: &Incident, actor: &Actor, doing: &str) -> Result<(), Refusal> {
    if incident.declared.as_ref().is_some_and(|d| d.demo) { Ok(()) } else { person::answers(&actor.person, doing) }
}

/// What follows from an incident was not done before it: a slip in the day would be kept as evidence.
fn not_before(incident: &Incident, at: Option<Instant>, what: &str) -> Result<(), Refusal> {
    match (at, incident.started()) {
        (Some(at), Some(started)) if at < started => {
            let began = crate::text::instant::echo(started, incident.zone());
            Err(Refusal::new(format!("at: nothing was {what} before the incident began, {began}")))
        }
        _ => Ok(()),
    }
}

fn past(at: Option<Instant>, now: Instant) -> Result<Option<Instant>, Refusal> {
    match at {
        Some(at) if at > now => Err(Refusal::new("that lies in the future")),
        at => Ok(at),
    }
}

pub(super) fn checked_minutes(minutes: u32) -> Result<u32, Refusal> {
    if (1..=MOST_MINUTES).contains(&minutes) {
        Ok(minutes)
    } else {
        Err(Refusal::new("minutes until the check-in: from 1 to 1440"))
    }
}

fn decided(decision: &Decision, now: Instant) -> Result<Decided, Refusal> {
    if decision.check_at.is_some_and(|at| at < now) {
        return Err(Refusal::new("the check lies in the past"));
    }
    Ok(Decided {
        answers: decision.answers,
        proposal: required(&decision.proposal, "a proposal")?,
        outcome: required(&decision.outcome, "an outcome")?,
        refused: decision.refused.clone(),
        objections: decision.objections.clone(),
        acts: decision.acts.clone(),
        check_at: decision.check_at,
        reversal: decision.reversal.clone(),
    })
}

pub(super) fn refuse<T>(step: Result<T, NoEffect>) -> Result<T, Refusal> {
    step.map_err(|NoEffect(why)| Refusal(why))
}

fn on_task(incident: &Incident, id: EntryId, event: TaskEvent<'_>, now: Instant) -> Result<Task, Refusal> {
    let task = incident.tasks.get(&id).ok_or_else(|| Refusal::new("there is no such task"))?;
    refuse(task::step(task, event, now))
}

pub(super) fn message_of(incident: &Incident, id: EntryId) -> Result<&Message, Refusal> {
    incident.messages.get(&id).ok_or_else(|| Refusal::new("there is no such message"))
}

fn on_stage(incident: &Incident, rule: &str, stage: &str, event: StageEvent<'_>, now: Instant) -> Result<(), Refusal> {
    let key = (rule.to_owned(), stage.to_owned());
    let filing = incident.filings.get(&key).cloned().unwrap_or_else(|| stage::pending(rule, stage));
    refuse(stage::step(&filing, event, now)).map(|_| ())
}

/// One text at a time to an audience on a channel: a second one beside it would be told twice.
pub(super) fn none_stands(incident: &Incident, audience: &str, channel: &str) -> Result<(), Refusal> {
    use super::words::MessageState::{Approved, Draft, Sending};
    let standing = incident
        .messages
        .values()
        .filter(|m| m.audience == audience && m.channel == channel)
        .find(|m| matches!(m.state, Draft | Approved | Sending));
    match standing {
        Some(m) if m.state == Sending => Err(Refusal::new("a text to them is being sent: wait how it ends")),
        Some(m) => Err(Refusal::new(format!("a text to them is {} already: edit it, send it or skip it", m.state))),
        None => Ok(()),
    }
}

pub(super) fn reachable(plan: &Plan, audience: &str, channel: &str) -> Result<(), Refusal> {
    let Some(found) = plan.audience(audience) else {
        let known: Vec<&str> = plan.audiences.iter().map(|a| a.id.as_str()).collect();
        return Err(Refusal::new(format!("no audience is called {audience}: {}", known.join(", "))));
    };
    if plan.channel(channel).is_none() {
        let known: Vec<&str> = plan.channels.iter().map(|c| c.id.as_str()).collect();
        return Err(Refusal::new(format!("no channel is called {channel}: {}", known.join(", "))));
    }
    if !found.channels.iter().any(|c| c == channel) {
        return Err(Refusal::new(format!("{channel} does not reach {audience}: {}", found.channels.join(", "))));
    }
    Ok(())
}

pub(super) fn checked_text(incident: &Incident, plan: &Plan, channel: &str, text: &str) -> Result<String, Refusal> {
    let text = exercise::text(incident, &required(&leaving::tidy(text), "a text")?);
    if let Some(c) = leaving::hidden(&text) {
        let code = u32::from(c);
        return Err(Refusal::new(format!("U+{code:04X} stands in the text, which nobody sees: take it out")));
    }
    if let Some(why) = plan.channel(channel).and_then(|c| c.too_long(&text)) {
        return Err(Refusal::new(why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::entry::{Author, Entry, Hlc, WriterId};
    use crate::incident::fold::fold;

    fn now() -> Instant {
        "2024-02-22T09:05:00Z".parse().unwrap()
    }

    fn kim() -> Actor {
        Actor { person: "kim".into(), host: "jump".into() }
    }

    fn declared() -> Incident {
        let args = Declare {
            title: "Wireless outage".into(),
            severity: Severity::Sev1,
            started: Some(now() - chrono::TimeDelta::minutes(20)),
            detected: None,
            exercise: false,
            demo: false,
            timezone: "America/Chicago".into(),
            organisation: vec![],
            playbook: None,
            rules: String::new(),
        };
        after(Vec::new(), declare(&args, &Plan::default(), now()).unwrap())
    }

    fn after(mut entries: Vec<Entry>, drafts: Vec<Draft>) -> Incident {
        for draft in drafts {
            let seq = entries.len() as u64 + 1;
            entries.push(Entry {
                writer: WriterId(uuid::Uuid::nil()),
                seq,
                id: draft.id.unwrap_or_else(|| EntryId::derived(&[&seq.to_string()])),
                hlc: Hlc(seq as i64, 0),
                happened: draft.happened.unwrap_or(now()),
                recorded: now(),
                author: Author { person: "kim".into(), host: "jump".into(), machine: false },
                what: draft.what,
            });
        }
        fold(entries)
    }

    #[test]
    fn a_future_note_and_an_empty_one_are_refused() {
        let note = |text: &str, at| Command::Note { text: text.into(), at, follow_up: false };
        let ahead = Some(now() + chrono::TimeDelta::minutes(1));
        assert!(decide(&declared(), &Plan::default(), &note("x", ahead), &kim(), now()).is_err());
        assert!(decide(&declared(), &Plan::default(), &note("  ", None), &kim(), now()).is_err());
        assert!(decide(&Incident::default(), &Plan::default(), &note("x", None), &kim(), now()).is_err());
    }

    #[test]
    fn a_shared_account_answers_for_nothing() {
        let state = declared();
        let root = Actor { person: "root".into(), host: "jump".into() };
        let plan = Plan::default();
        let message = EntryId::derived(&["m"]);
        let approve = Command::ApproveMessage { message, text_sha256: String::new() };
        let send = Command::SendMessage { message, process: "p".into() };
        for command in [&approve, &send] {
            let why = decide(&state, &plan, command, &root, now()).unwrap_err().0;
            assert!(why.contains("shared account") && why.contains("--as NAME"), "{why}");
            assert_eq!(decide(&state, &plan, command, &kim(), now()).unwrap_err().0, "there is no such message");
        }
        let fact = |by: Option<&str>| Command::SetFact {
            name: "cause".into(),
            value: "a change".into(),
            basis: "the log".into(),
            confirmed_by: by.map(str::to_owned),
            at: None,
        };
        assert!(decide(&state, &plan, &fact(Some("NOC")), &kim(), now()).is_err());
        assert!(decide(&state, &plan, &fact(Some("sato")), &root, now()).is_ok(), "a person confirms, whoever types");
        assert!(decide(&state, &plan, &fact(None), &root, now()).is_ok());
    }

    #[test]
    fn lowering_the_severity_asks_why_and_raising_does_not() {
        let set = |severity, why: &str| Command::SetSeverity { severity, why: why.into() };
        let state = declared();
        assert!(decide(&state, &Plan::default(), &set(Severity::Sev2, ""), &kim(), now()).is_err());
        assert!(decide(&state, &Plan::default(), &set(Severity::Sev2, "smaller than feared"), &kim(), now()).is_ok());
        assert!(decide(&state, &Plan::default(), &set(Severity::Sev1, ""), &kim(), now()).is_err(), "it is so already");
    }
}
