//! Printing: every line through the gate; a reader that closes early is no error.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fail::Fail;
use crate::incident::exercise;
use crate::text::Safe;

/// Whether this command is about an exercise: then every line that it prints says so.
static EXERCISE: AtomicBool = AtomicBool::new(false);

/// From here on every line is marked, or none is.
pub fn of_exercise(exercise: bool) {
    EXERCISE.store(exercise, Ordering::Relaxed);
}

/// The mark before a line, where there is none.
fn mark(line: &str) -> &'static str {
    if EXERCISE.load(Ordering::Relaxed) && !line.is_empty() && !line.starts_with(exercise::MARK) {
        "EXERCISE "
    } else {
        ""
    }
}

/// Prints lines.
pub fn lines<'a>(lines: impl IntoIterator<Item = &'a Safe>) -> Result<(), Fail> {
    let mut out = io::stdout().lock();
    for line in lines {
        if !quiet(writeln!(out, "{}{line}", mark(line.as_str())))? {
            return Ok(());
        }
    }
    quiet(out.flush()).map(|_| ())
}

/// Prints one line.
pub fn line(text: &str) -> Result<(), Fail> {
    lines([&Safe::new(text)])
}

/// Prints a text of ours as it is: generated pages, configurations, completions.
pub fn whole(text: &str) -> Result<(), Fail> {
    let mut out = io::stdout().lock();
    quiet(out.write_all(text.as_bytes()))?;
    quiet(out.flush()).map(|_| ())
}

/// Prints JSON, indented for a person's eyes. Controls inside are escaped by JSON itself.
pub fn json(value: &serde_json::Value) -> Result<(), Fail> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Fail::failed(e.to_string()))?;
    whole(&format!("{}\n", ascii_controls(&text)))
}

/// Prints JSON on one line. False: nobody reads on.
pub fn json_line(value: &serde_json::Value) -> Result<bool, Fail> {
    let text = ascii_controls(&value.to_string());
    let mut out = io::stdout().lock();
    if !quiet(writeln!(out, "{text}"))? {
        return Ok(false);
    }
    quiet(out.flush())
}

/// JSON leaves some characters that a terminal obeys as they are (C1, bidi): escaped here, the value is the same.
fn ascii_controls(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let mut one = [0; 4];
        if c == '\n' || Safe::new(c.encode_utf8(&mut one)).as_str() == c.encode_utf8(&mut [0; 4]) {
            out.push(c);
        } else {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// False: nobody reads on. Any other error is one.
fn quiet(result: io::Result<()>) -> Result<bool, Fail> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Fail::failed(format!("output: {error}"))),
    }
}

/// Says on standard error what somebody should look at; it is no failure.
pub fn warn(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warroom: look at this: {}", Safe::new(text));
}

/// Tells a failure on standard error; its exit code.
pub fn fail(fail: &Fail) -> ExitCode {
    let mut err = io::stderr().lock();
    let (texts, code) = match fail {
        Fail::Failed(why) => (std::slice::from_ref(why), 1),
        Fail::Wrong(problems) => (problems.as_slice(), 2),
    };
    for text in texts {
        for line in Safe::lines(text) {
            let _ = writeln!(err, "warroom: {line}");
        }
    }
    ExitCode::from(code)
}

/// Help and version go to standard output with 0, wrong usage to standard error with 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // It repeats what was typed: that passes the gate like all else.
        let mut err = io::stderr().lock();
        for line in Safe::lines(error.render().to_string().trim_end()) {
            let _ = writeln!(err, "{line}");
        }
    } else {
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
