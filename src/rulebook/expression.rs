//! Triggers over facts, in three values: true, false, not known. Never panics on any text, never takes unknown for false.
//!
//! `&& || ! ( )` and `== != >= > <= <` on integers and booleans; `!` binds tightest, `||` least.

use crate::incident::rule::FactKind as Kind;

/// Longest text and deepest nesting that is read.
const LONGEST: usize = 4096;
const DEEPEST: usize = 32;

/// What is known of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactValue {
    Integer(i64),
    Boolean(bool),
    /// Nobody has confirmed it. That is not false.
    Unknown,
}

/// A fact as the journal holds it. A measured number is rounded up, so that a threshold is met rather than missed; what
/// is neither a number nor a truth is not known.
impl From<&serde_json::Value> for FactValue {
    fn from(value: &serde_json::Value) -> FactValue {
        match value {
            serde_json::Value::Bool(value) => FactValue::Boolean(*value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(n), _) => FactValue::Integer(n),
                // Saturates: a number beyond the range is beyond every threshold.
                (None, Some(n)) if n.is_finite() => FactValue::Integer(n.ceil() as i64),
                (None, Some(_) | None) => FactValue::Unknown,
            },
            serde_json::Value::Null
            | serde_json::Value::String(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => FactValue::Unknown,
        }
    }
}

/// Kleene's three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        }
    }

    pub fn or(self, other: Truth) -> Truth {
        self.negate().and(other.negate()).negate()
    }

    pub fn negate(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Operand, Comparison, Operand),
    /// A boolean by itself.
    Holds(Operand),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Fact(String),
    Integer(i64),
    Boolean(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    AtLeast,
    More,
    AtMost,
    Less,
}

impl Comparison {
    fn of(self, order: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::More => order.is_gt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Less => order.is_lt(),
        }
    }

    /// The same said from the other side: `3 < n` is `n > 3`.
    pub fn turned(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::Equal,
            Comparison::Unequal => Comparison::Unequal,
            Comparison::AtLeast => Comparison::AtMost,
            Comparison::More => Comparison::Less,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Less => Comparison::More,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::Unequal => "!=",
            Comparison::AtLeast => ">=",
            Comparison::More => ">",
            Comparison::AtMost => "<=",
            Comparison::Less => "<",
        }
    }

    fn orders(self) -> bool {
        match self {
            Comparison::Equal | Comparison::Unequal => false,
            Comparison::AtLeast | Comparison::More | Comparison::AtMost | Comparison::Less => true,
        }
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |f: &mut std::fmt::Formatter<'_>, list: &[Expression], sign: &str| {
            for (index, part) in list.iter().enumerate() {
                let before = if index == 0 { "" } else { sign };
                match part {
                    Expression::Any(_) | Expression::All(_) => write!(f, "{before}({part})")?,
                    Expression::Not(_) | Expression::Compare(_, _, _) | Expression::Holds(_) => {
                        write!(f, "{before}{part}")?;
                    }
                }
            }
            Ok(())
        };
        match self {
            Expression::Any(parts) => list(f, parts, " || "),
            Expression::All(parts) => list(f, parts, " && "),
            Expression::Not(inner) => match **inner {
                Expression::Not(_) | Expression::Holds(_) => write!(f, "!{inner}"),
                Expression::Any(_) | Expression::All(_) | Expression::Compare(_, _, _) => write!(f, "!({inner})"),
            },
            Expression::Compare(left, comparison, right) => {
                write!(f, "{} {} {}", shown(left), comparison.sign(), shown(right))
            }
            Expression::Holds(operand) => f.write_str(&shown(operand)),
        }
    }
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Character of the expression, from 1.
    pub position: usize,
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (character {})", self.message, self.position)
    }
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expression, Fault> {
    if text.len() > LONGEST {
        return Err(Fault { position: 1, message: format!("longer than {LONGEST} characters") });
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, end: text.chars().count() + 1 };
    let expression = parser.any()?;
    match parser.tokens.get(parser.next) {
        None => Ok(expression),
        Some((position, _)) => Err(Fault { position: *position, message: "expected && or || or the end".to_owned() }),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    And,
    Or,
    Not,
    Open,
    Close,
    Compare(Comparison),
    Operand(Operand),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let position = at + 1;
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let (length, token) = match (c, chars.get(at + 1)) {
            ('&', Some('&')) => (2, Token::And),
            ('|', Some('|')) => (2, Token::Or),
            ('=', Some('=')) => (2, Token::Compare(Comparison::Equal)),
            ('!', Some('=')) => (2, Token::Compare(Comparison::Unequal)),
            ('>', Some('=')) => (2, Token::Compare(Comparison::AtLeast)),
            ('<', Some('=')) => (2, Token::Compare(Comparison::AtMost)),
            ('>', _) => (1, Token::Compare(Comparison::More)),
            ('<', _) => (1, Token::Compare(Comparison::Less)),
            ('!', _) => (1, Token::Not),
            ('(', _) => (1, Token::Open),
            (')', _) => (1, Token::Close),
            ('&', _) => return Err(Fault { position, message: "expected &&".to_owned() }),
            ('|', _) => return Err(Fault { position, message: "expected ||".to_owned() }),
            ('=', _) => return Err(Fault { position, message: "expected ==".to_owned() }),
            (c, _) if word(c) || c == '-' => {
                let text: String =
                    chars[at..].iter().enumerate().take_while(|(i, c)| *i == 0 || word(**c)).map(|(_, c)| *c).collect();
                (text.chars().count(), Token::Operand(operand(&text, position)?))
            }
            (c, _) => return Err(Fault { position, message: format!("{c:?} has no meaning here") }),
        };
        out.push((position, token));
        at += length;
    }
    Ok(out)
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn operand(text: &str, position: usize) -> Result<Operand, Fault> {
    match text {
        "true" => return Ok(Operand::Boolean(true)),
        "false" => return Ok(Operand::Boolean(false)),
        _ => {}
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        let number = text.replace('_', "").parse();
        return number
            .map(Operand::Integer)
            .map_err(|_| Fault { position, message: format!("{text} is not a whole number") });
    }
    Ok(Operand::Fact(text.to_owned()))
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn position(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(position, _)| *position)
    }

    fn fault<T>(&self, message: &str) -> Result<T, Fault> {
        Err(Fault { position: self.position(), message: message.to_owned() })
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let there = self.tokens.get(self.next).is_some_and(|(_, token)| token == wanted);
        self.next += usize::from(there);
        there
    }

    fn any(&mut self) -> Result<Expression, Fault> {
        let mut list = vec![self.all()?];
        while self.take(&Token::Or) {
            list.push(self.all()?);
        }
        Ok(if list.len() == 1 { list.swap_remove(0) } else { Expression::Any(list) })
    }

    fn all(&mut self) -> Result<Expression, Fault> {
        let mut list = vec![self.one()?];
        while self.take(&Token::And) {
            list.push(self.one()?);
        }
        Ok(if list.len() == 1 { list.swap_remove(0) } else { Expression::All(list) })
    }

    fn one(&mut self) -> Result<Expression, Fault> {
        if self.depth >= DEEPEST {
            return self.fault("nested too deeply");
        }
        self.depth += 1;
        let result = if self.take(&Token::Not) {
            self.one().map(|inner| Expression::Not(Box::new(inner)))
        } else if self.take(&Token::Open) {
            match self.any() {
                Ok(_) if !self.take(&Token::Close) => self.fault("expected )"),
                inner => inner,
            }
        } else {
            self.comparison()
        };
        self.depth -= 1;
        result
    }

    fn comparison(&mut self) -> Result<Expression, Fault> {
        let left = self.operand()?;
        let Some((_, Token::Compare(comparison))) = self.tokens.get(self.next) else {
            return Ok(Expression::Holds(left));
        };
        let comparison = *comparison;
        self.next += 1;
        let right = self.operand()?;
        if let Some((_, Token::Compare(_))) = self.tokens.get(self.next) {
            return self.fault("one comparison at a time: join two with &&");
        }
        Ok(Expression::Compare(left, comparison, right))
    }

    fn operand(&mut self) -> Result<Operand, Fault> {
        match self.tokens.get(self.next) {
            Some((_, Token::Operand(operand))) => {
                let operand = operand.clone();
                self.next += 1;
                Ok(operand)
            }
            Some(_) | None => self.fault("expected a fact, a whole number, true or false"),
        }
    }
}

impl Expression {
    /// Its truth, and the missing facts that matter: those that stand in a part which is still open.
    pub fn evaluate(&self, facts: &dyn Fn(&str) -> FactValue) -> (Truth, Vec<String>) {
        let mut missing = Vec::new();
        let truth = self.weigh(facts, &mut missing);
        (truth, missing)
    }

    /// Adds to `missing` only where the result is not known.
    fn weigh(&self, facts: &dyn Fn(&str) -> FactValue, missing: &mut Vec<String>) -> Truth {
        let before = missing.len();
        let truth = match self {
            Expression::Any(list) => list.iter().fold(Truth::False, |so_far, e| so_far.or(e.weigh(facts, missing))),
            Expression::All(list) => list.iter().fold(Truth::True, |so_far, e| so_far.and(e.weigh(facts, missing))),
            Expression::Not(inner) => inner.weigh(facts, missing).negate(),
            Expression::Compare(left, comparison, right) => {
                compare(resolve(left, facts), *comparison, resolve(right, facts))
            }
            Expression::Holds(operand) => match resolve(operand, facts) {
                FactValue::Boolean(value) => value.into(),
                FactValue::Integer(_) | FactValue::Unknown => Truth::Unknown,
            },
        };
        match (truth, self) {
            (Truth::True | Truth::False, _) => missing.truncate(before),
            (Truth::Unknown, Expression::Compare(left, _, right)) => note(&[left, right], facts, missing),
            (Truth::Unknown, Expression::Holds(operand)) => note(&[operand], facts, missing),
            (Truth::Unknown, Expression::Any(_) | Expression::All(_) | Expression::Not(_)) => {}
        }
        truth
    }

    /// Every fact that it names, once, in order.
    pub fn facts(&self) -> Vec<&str> {
        let mut out = Vec::new();
        self.visit(&mut |operand| {
            if let Operand::Fact(name) = operand
                && !out.contains(&name.as_str())
            {
                out.push(name.as_str());
            }
        });
        out
    }

    fn visit<'e>(&'e self, see: &mut impl FnMut(&'e Operand)) {
        match self {
            Expression::Any(list) | Expression::All(list) => list.iter().for_each(|e| e.visit(see)),
            Expression::Not(inner) => inner.visit(see),
            Expression::Compare(left, _, right) => {
                see(left);
                see(right);
            }
            Expression::Holds(operand) => see(operand),
        }
    }

    /// What does not fit by type: a number taken for a truth, an order of truths, unlike things compared.
    pub fn mistyped(&self, kind: &dyn Fn(&str) -> Option<Kind>) -> Option<String> {
        let of = |operand: &Operand| match operand {
            Operand::Fact(name) => kind(name),
            Operand::Integer(_) => Some(Kind::Integer),
            Operand::Boolean(_) => Some(Kind::Boolean),
        };
        match self {
            Expression::Any(list) | Expression::All(list) => list.iter().find_map(|e| e.mistyped(kind)),
            Expression::Not(inner) => inner.mistyped(kind),
            Expression::Holds(operand) => match of(operand) {
                Some(Kind::Integer) => Some(format!("{} is a number: compare it, as in > 0", shown(operand))),
                Some(Kind::Boolean) | None => None,
            },
            Expression::Compare(left, comparison, right) => match (of(left), of(right)) {
                (Some(a), Some(b)) if a != b => Some(format!("{} and {} are unlike", shown(left), shown(right))),
                (Some(Kind::Boolean), _) if comparison.orders() => Some(format!("{} is true or false", shown(left))),
                (_, Some(Kind::Boolean)) if comparison.orders() => Some(format!("{} is true or false", shown(right))),
                (Some(_) | None, Some(_) | None) => None,
            },
        }
    }
}

fn shown(operand: &Operand) -> String {
    match operand {
        Operand::Fact(name) => name.clone(),
        Operand::Integer(n) => n.to_string(),
        Operand::Boolean(value) => value.to_string(),
    }
}

fn resolve(operand: &Operand, facts: &dyn Fn(&str) -> FactValue) -> FactValue {
    match operand {
        Operand::Fact(name) => facts(name),
        Operand::Integer(n) => FactValue::Integer(*n),
        Operand::Boolean(value) => FactValue::Boolean(*value),
    }
}

/// Names the facts that leave a comparison open: those without a value, or those whose values are of unlike types.
fn note(operands: &[&Operand], facts: &dyn Fn(&str) -> FactValue, missing: &mut Vec<String>) {
    let unlike = !operands.iter().any(|operand| resolve(operand, facts) == FactValue::Unknown);
    for operand in operands {
        if let Operand::Fact(name) = operand
            && (unlike || facts(name) == FactValue::Unknown)
            && !missing.contains(name)
        {
            missing.push(name.clone());
        }
    }
}

fn compare(left: FactValue, comparison: Comparison, right: FactValue) -> Truth {
    match (left, right) {
        (FactValue::Integer(a), FactValue::Integer(b)) => comparison.of(a.cmp(&b)).into(),
        (FactValue::Boolean(a), FactValue::Boolean(b)) if !comparison.orders() => comparison.of(a.cmp(&b)).into(),
        (FactValue::Integer(_) | FactValue::Boolean(_) | FactValue::Unknown, _) => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Truth; 3] = [Truth::True, Truth::False, Truth::Unknown];

    fn weigh(text: &str, facts: &[(&str, FactValue)]) -> (Truth, Vec<String>) {
        let known = |name: &str| facts.iter().find(|(n, _)| *n == name).map_or(FactValue::Unknown, |(_, v)| *v);
        parse(text).unwrap().evaluate(&known)
    }

    #[test]
    fn kleene_laws() {
        for a in ALL {
            assert_eq!(a.negate().negate(), a);
            assert_eq!((a.and(a), a.or(a)), (a, a));
            assert_eq!((a.and(Truth::True), a.or(Truth::False)), (a, a));
            assert_eq!((a.and(Truth::False), a.or(Truth::True)), (Truth::False, Truth::True));
            for b in ALL {
                assert_eq!((a.and(b), a.or(b)), (b.and(a), b.or(a)));
                assert_eq!(a.and(b).negate(), a.negate().or(b.negate()));
                assert_eq!((a.and(a.or(b)), a.or(a.and(b))), (a, a));
                for c in ALL {
                    assert_eq!(a.and(b).and(c), a.and(b.and(c)));
                    assert_eq!(a.or(b).or(c), a.or(b.or(c)));
                    assert_eq!(a.and(b.or(c)), a.and(b).or(a.and(c)));
                }
            }
        }
    }

    #[test]
    fn binding_and_comparisons() {
        let facts = [("n", FactValue::Integer(5)), ("yes", FactValue::Boolean(true))];
        for (text, expected) in [
            ("n >= 5 && n <= 5 && n == 5", Truth::True),
            ("n > 5 || n < 5 || n != 5", Truth::False),
            ("true || false && false", Truth::True),
            ("(true || false) && false", Truth::False),
            ("!yes || !!yes", Truth::True),
            ("yes == true && yes != false", Truth::True),
            ("n > -1 && n < 1_000", Truth::True),
        ] {
            assert_eq!(weigh(text, &facts).0, expected, "{text}");
        }
    }

    #[test]
    fn only_the_missing_that_matter_are_named() {
        let facts = [("a", FactValue::Integer(1)), ("no", FactValue::Boolean(false))];
        let names = |text| weigh(text, &facts).1;
        assert_eq!(names("x > 1 && a > 5"), Vec::<String>::new());
        assert_eq!(names("(x > 1 && no) || y > 2 || y > 3"), ["y"]);
        assert_eq!(names("x > 1 || a == 1"), Vec::<String>::new());
        assert_eq!(names("!(x > 1) && z"), ["x", "z"]);
        assert_eq!(names("no > 1 || a"), ["no", "a"], "a value of the wrong type is as good as none");
    }

    #[test]
    fn faults_name_the_place() {
        for (text, position) in [
            ("", 1),
            ("a >", 4),
            ("a & b", 3),
            ("(a", 3),
            ("a b", 3),
            ("a > 1 > 2", 7),
            ("a = 1", 3),
            ("a > 1.5", 6),
            ("\u{1b}", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().position, position, "{text:?}");
        }
        assert!(parse(&"(".repeat(4000)).unwrap_err().message.contains("deeply"));
        assert!(parse(&"!".repeat(4000)).unwrap_err().message.contains("deeply"));
        assert!(parse(&"a".repeat(5000)).is_err());
        assert!(parse("n > 99999999999999999999").is_err());
    }

    #[test]
    fn facts_of_the_journal() {
        for (value, expected) in [
            (serde_json::json!(null), FactValue::Unknown),
            (serde_json::json!("many"), FactValue::Unknown),
            (serde_json::json!(true), FactValue::Boolean(true)),
            (serde_json::json!(12), FactValue::Integer(12)),
            (serde_json::json!(125_000_000.0), FactValue::Integer(125_000_000)),
            (serde_json::json!(0.2), FactValue::Integer(1)),
            (serde_json::json!(1e300), FactValue::Integer(i64::MAX)),
            (serde_json::json!(u64::MAX), FactValue::Integer(i64::MAX)),
        ] {
            assert_eq!(FactValue::from(&value), expected, "{value}");
        }
    }

    #[test]
    fn types_are_checked() {
        let kind = |name: &str| Some(if name == "n" { Kind::Integer } else { Kind::Boolean });
        for wrong in ["n", "b > 1", "b > true", "n == b", "!(n)"] {
            assert!(parse(wrong).unwrap().mistyped(&kind).is_some(), "{wrong}");
        }
        assert_eq!(parse("n > 1 && b || !b && b == true").unwrap().mistyped(&kind), None);
    }

    fn words() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a", "b", "&&", "||", "!", "(", ")", "==", ">=", "<", "1", "-2", "true", " ", "&", "é",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|list| list.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), mixed in words()) {
            for text in [text, mixed] {
                if let Ok(expression) = parse(&text) {
                    let _ = expression.evaluate(&|_| FactValue::Unknown);
                    let _ = expression.mistyped(&|_| None);
                    prop_assert_eq!(parse(&expression.to_string()), Ok(expression), "written, it reads back the same");
                }
            }
        }

        /// What is known with a fact missing stays so whatever the fact turns out to be; and a missing fact that is not
        /// named cannot change the outcome.
        #[test]
        fn knowledge_only_grows(mixed in words(), a in -3i64..3, b in any::<bool>()) {
            if let Ok(expression) = parse(&mixed) {
                let (before, missing) = expression.evaluate(&|_| FactValue::Unknown);
                let with = |name: &str| match name {
                    "a" => FactValue::Integer(a),
                    "b" => FactValue::Boolean(b),
                    _ => FactValue::Unknown,
                };
                let (after, _) = expression.evaluate(&with);
                if before != Truth::Unknown {
                    prop_assert_eq!(before, after);
                }
                if !missing.iter().any(|m| m == "a") {
                    let only_b = |name: &str| if name == "a" { FactValue::Unknown } else { with(name) };
                    prop_assert_eq!(expression.evaluate(&only_b).0, after);
                }
            }
        }
    }
}
