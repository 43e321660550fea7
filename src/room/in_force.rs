//! The plan and the rules in force, read from what the record holds of them. What cannot be read is told, never left out.

use std::sync::Arc;

use crate::incident::plan::Plan;
use crate::incident::rights::Rights;
use crate::incident::rule::Rules;
use crate::incident::state::Incident;
use crate::{playbook, rulebook};

#[derive(Clone, Debug, Default)]
pub struct InForce {
    pub plan: Arc<Plan>,
    pub rules: Arc<Rules>,
    rights: Rights,
    plan_text: Option<Arc<str>>,
    rules_text: Option<Arc<str>>,
    plan_problems: Vec<String>,
    rules_problems: Vec<String>,
}

impl InForce {
    pub fn of(incident: &Incident) -> InForce {
        let mut new = InForce::default();
        new.adopt(incident);
        new
    }

    /// With what this host's configuration lets people do.
    pub fn with(rights: Rights) -> InForce {
        let plan = Arc::new(Plan { rights: rights.clone(), ..Plan::default() });
        InForce { rights, plan, ..InForce::default() }
    }

    /// Reads them anew where they changed; the last that could be read stay.
    pub fn adopt(&mut self, incident: &Incident) {
        let plan = incident.plan.heads().last().map(|head| head.value.1.clone());
        if plan != self.plan_text {
            self.plan_problems.clear();
            match plan.as_ref().map(|text| playbook::read::read("playbook in force", text)) {
                Some(Ok(plan)) => self.plan = Arc::new(Plan { rights: self.rights.clone(), ..plan }),
                Some(Err(problems)) => self.plan_problems = problems.iter().map(ToString::to_string).collect(),
                None => self.plan = Arc::new(Plan { rights: self.rights.clone(), ..Plan::default() }),
            }
            self.plan_text = plan;
        }
        let rules = incident.rules.heads().last().map(|head| head.value.clone());
        if rules != self.rules_text {
            self.rules_problems.clear();
            match rules.as_ref().map(|text| rulebook::read::read("rules in force", text)) {
                Some(Ok(rules)) => self.rules = Arc::new(rules),
                Some(Err(problems)) => self.rules_problems = problems.iter().map(ToString::to_string).collect(),
                None => self.rules = Arc::default(),
            }
            self.rules_text = rules;
        }
    }

    /// Why what is in force cannot be read; empty: all is well.
    pub fn problems(&self) -> Vec<String> {
        [self.plan_problems.as_slice(), &self.rules_problems].concat()
    }
}
