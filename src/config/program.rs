//! Reads a program and its arguments, as a list of words. Runs nothing, asks no shell.

use super::document::Fields;
use super::problem::Faults;

/// The words under `key`. None: there are none, or a fault was told.
pub fn read(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> Option<Vec<String>> {
    let list = fields.texts(key, faults)?;
    let program = list.value.first().map(String::as_str).unwrap_or_default();
    let fault = match program {
        "" => "empty; expected the program and its arguments",
        // A path beside whatever folder it was started in would be another program there.
        _ if program.contains('/') && !program.starts_with('/') => {
            "expected an absolute path, or a name that is looked up in PATH"
        }
        _ if list.value.iter().any(|word| word.contains('\0')) => "holds a NUL byte",
        _ => return Some(list.value),
    };
    faults.add(list.line, &list.key, fault);
    None
}
