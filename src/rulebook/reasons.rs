//! Why a trigger is true, false or not known: the comparisons that made it so. A function of its arguments.

use super::expression::{Expression, FactValue, Truth};

/// One comparison, as the rule writes it, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub text: String,
    pub truth: Truth,
    pub facts: Vec<String>,
}

/// What made the expression so: where one of several is enough, those that hold; where all are needed, those that do not,
/// or all of them.
pub fn reasons(expression: &Expression, facts: &dyn Fn(&str) -> FactValue) -> Vec<Reason> {
    let mut out = Vec::new();
    gather(expression, facts, &mut out);
    out
}

fn gather(expression: &Expression, facts: &dyn Fn(&str) -> FactValue, out: &mut Vec<Reason>) {
    let truth = expression.evaluate(facts).0;
    match expression {
        Expression::Any(list) | Expression::All(list) => {
            for part in list.iter().filter(|part| part.evaluate(facts).0 == truth) {
                gather(part, facts, out);
            }
        }
        Expression::Not(inner) => gather(inner, facts, out),
        Expression::Compare(_, _, _) | Expression::Holds(_) => {
            let reason = Reason {
                text: expression.to_string(),
                truth,
                facts: expression.facts().into_iter().map(str::to_owned).collect(),
            };
            if !out.contains(&reason) {
                out.push(reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::parse;
    use super::*;

    #[test]
    fn only_what_decided_is_named() {
        let facts = |name: &str| match name {
            "n" => FactValue::Integer(40),
            "yes" => FactValue::Boolean(true),
            "no" => FactValue::Boolean(false),
            _ => FactValue::Unknown,
        };
        let why = |text: &str| -> Vec<String> {
            reasons(&parse(text).unwrap(), &facts).into_iter().map(|r| format!("{} {:?}", r.text, r.truth)).collect()
        };
        assert_eq!(why("n >= 30 && (no || yes || x)"), ["n >= 30 True", "yes True"]);
        assert_eq!(why("n >= 50 && yes"), ["n >= 50 False"]);
        assert_eq!(why("n >= 30 && (x > 3 || no)"), ["x > 3 Unknown"]);
        assert_eq!(why("!no && !(x == -1)"), ["x == -1 Unknown"]);
        assert_eq!(why("no || n < 3"), ["no False", "n < 3 False"]);
    }
}
