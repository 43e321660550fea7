//! Colours by meaning. A theme is a TOML file; each meaning has a fallback; without colour, attributes and words carry it.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::config::Problem;

macro_rules! meanings {
    ($($(#[$doc:meta])* $variant:ident = $name:literal => $fallback:ident [$($mono:ident)*]),+ $(,)?) => {
        /// What a piece of the screen means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Meaning { $($(#[$doc])* $variant),+ }

        impl Meaning {
            pub const ALL: &'static [Meaning] = &[$(Meaning::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Meaning::$variant => $name),+ }
            }

            fn fallback(self) -> Meaning {
                match self { $(Meaning::$variant => Meaning::$fallback),+ }
            }

            /// What it looks like without any colour.
            fn mono(self) -> Modifier {
                match self { $(Meaning::$variant => Modifier::empty() $(.union(Modifier::$mono))*),+ }
            }
        }
    };
}

meanings! {
    Text = "text" => Text [],
    Dim = "dim" => Text [DIM],
    Title = "title" => Text [BOLD],
    Header = "header" => Title [BOLD],
    /// The lit row.
    Lit = "lit" => Title [REVERSED],
    /// Lives, or an untold audience in harm.
    Life = "life" => Late [BOLD],
    Late = "late" => Soon [BOLD],
    /// An answer was lost: it may have gone.
    Unsure = "unsure" => Late [BOLD],
    Soon = "soon" => Text [],
    Old = "old" => Soon [],
    Good = "good" => Text [],
    /// Not on disk yet.
    Pending = "pending" => Dim [ITALIC],
    Border = "border" => Dim [DIM],
    Key = "key" => Title [BOLD],
    /// New since the person looked.
    New = "new" => Title [BOLD],
    Exercise = "exercise" => Lit [REVERSED],
}

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    Mono,
    Sixteen,
    TwoFiftySix,
    True,
}

/// A theme, resolved for a terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub name: String,
    pub doc: String,
    styles: Vec<Style>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    doc: String,
    #[serde(default)]
    style: std::collections::BTreeMap<String, toml::Spanned<Look>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    italic: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
}

/// The themes that are built in: name and text.
pub const BUILT_IN: &[(&str, &str)] =
    &[("dark", include_str!("../../themes/dark.toml")), ("light", include_str!("../../themes/light.toml"))];

impl Theme {
    /// The default theme at a depth. Its file is checked by a test.
    pub fn default_at(depth: Depth) -> Theme {
        let plain = Theme {
            name: "plain".into(),
            doc: String::new(),
            styles: Meaning::ALL.iter().map(|m| Style::new().add_modifier(m.mono())).collect(),
        };
        BUILT_IN.first().and_then(|(name, text)| Theme::read(name, text, depth).ok()).unwrap_or(plain)
    }

    /// Reads a theme. `file` is named in problems.
    pub fn read(file: &str, text: &str, depth: Depth) -> Result<Theme, Problem> {
        let problem = |span: Option<std::ops::Range<usize>>, key: Option<&str>, message: String| Problem {
            file: file.to_owned(),
            line: span.map(|s| text.get(..s.start).map_or(1, |before| before.matches('\n').count() + 1)),
            key: key.map(str::to_owned),
            message,
        };
        let parsed: File = toml::from_str(text).map_err(|e| problem(e.span(), None, e.message().trim().to_owned()))?;
        for (name, look) in &parsed.style {
            if !Meaning::ALL.iter().any(|m| m.name() == name) {
                let near = crate::text::suggest::nearest(name, Meaning::ALL.iter().map(|m| m.name()));
                let hint = near.map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default();
                return Err(problem(Some(look.span()), Some(name), format!("no meaning of that name{hint}")));
            }
        }
        let mut styles = Vec::new();
        for meaning in Meaning::ALL {
            let mut at = *meaning;
            let look = loop {
                if let Some(look) = parsed.style.get(at.name()) {
                    break Some(look);
                }
                if at == at.fallback() {
                    break None;
                }
                at = at.fallback();
            };
            let style = match look {
                _ if depth == Depth::Mono => Style::new().add_modifier(meaning.mono()),
                None => Style::new().add_modifier(meaning.mono()),
                Some(look) => style(look.get_ref(), depth)
                    .map_err(|message| problem(Some(look.span()), Some(at.name()), message))?,
            };
            styles.push(style);
        }
        Ok(Theme { name: parsed.name, doc: parsed.doc, styles })
    }

    pub fn style(&self, meaning: Meaning) -> Style {
        self.styles.get(meaning as usize).copied().unwrap_or_default()
    }
}

fn style(look: &Look, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new();
    if let Some(fg) = &look.fg {
        style = style.fg(colour(fg, depth)?);
    }
    if let Some(bg) = &look.bg {
        style = style.bg(colour(bg, depth)?);
    }
    for (on, modifier) in [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

/// The red, green and blue of the 16 colours, as xterm shows them: to find the nearest.
const RGB16: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

fn colour(text: &str, depth: Depth) -> Result<Color, String> {
    let expected =
        || format!("\"{text}\" is no colour: \"#rrggbb\", a number from 0 to 255, or one of {}", NAMES.join(", "));
    if let Some(hex) = text.strip_prefix('#') {
        let n = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6).ok_or_else(expected)?;
        let [_, r, g, b] = n.to_be_bytes();
        return Ok(match depth {
            Depth::True => Color::Rgb(r, g, b),
            Depth::TwoFiftySix => Color::Indexed(cube(r, g, b)),
            Depth::Sixteen | Depth::Mono => Color::Indexed(nearest16(r, g, b)),
        });
    }
    if let Some(index) = NAMES.iter().position(|name| *name == text) {
        return Ok(Color::Indexed(index as u8));
    }
    let n: u8 = text.parse().map_err(|_| expected())?;
    Ok(if n < 16 || depth > Depth::Sixteen { Color::Indexed(n) } else { Color::Indexed(n % 16) })
}

/// The nearest of the 6×6×6 cube of the 256 colours.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    let level = |v: u8| {
        if v < 48 {
            0
        } else if v < 115 {
            1
        } else {
            (v - 35) / 40
        }
    };
    16 + 36 * level(r) + 6 * level(g) + level(b)
}

fn nearest16(r: u8, g: u8, b: u8) -> u8 {
    let distance = |(x, y, z): (u8, u8, u8)| {
        let d = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
        d(r, x) + d(g, y) + d(b, z)
    };
    (0u8..16).min_by_key(|i| distance(RGB16[usize::from(*i)])).unwrap_or(7)
}

/// How many colours this terminal shows, from its environment.
pub fn depth(no_color: bool, term: &str, colorterm: &str) -> Depth {
    if no_color || term.starts_with("vt1") || term.starts_with("vt2") || term.contains("mono") {
        Depth::Mono
    } else if colorterm.contains("truecolor") || colorterm.contains("24bit") || term.ends_with("-direct") {
        Depth::True
    } else if term.contains("256color") {
        Depth::TwoFiftySix
    } else {
        Depth::Sixteen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_themes_read_at_every_depth_and_keep_states_apart() {
        for (name, text) in BUILT_IN {
            for depth in [Depth::Mono, Depth::Sixteen, Depth::TwoFiftySix, Depth::True] {
                let theme = Theme::read(name, text, depth).unwrap();
                assert_eq!(theme.name, *name);
                let lit = theme.style(Meaning::Lit);
                assert_ne!(lit, theme.style(Meaning::Text), "the lit row is seen in {name} at {depth:?}");
                assert_ne!(theme.style(Meaning::Life), theme.style(Meaning::Good), "{name} at {depth:?}");
            }
        }
    }

    #[test]
    fn a_wrong_theme_names_line_and_nearest() {
        let wrong = "name = \"x\"\n[style]\nlife = { fg = \"#ff0000\" }\nlitt = { fg = \"red\" }\n";
        let problem = Theme::read("my.toml", wrong, Depth::True).unwrap_err();
        assert_eq!((problem.line, problem.key.as_deref()), (Some(4), Some("litt")));
        assert!(problem.message.contains("lit"), "{problem}");
        assert!(Theme::read("my.toml", "name = \"x\"\n[style]\nlife = { fg = \"reddish\" }\n", Depth::True).is_err());
    }

    #[test]
    fn contrast_of_every_meaning_is_readable() {
        fn luminance(c: (u8, u8, u8)) -> f64 {
            let channel = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(c.0) + 0.7152 * channel(c.1) + 0.0722 * channel(c.2)
        }
        let ratio = |a, b| {
            let (a, b): (f64, f64) = (luminance(a) + 0.05, luminance(b) + 0.05);
            a.max(b) / a.min(b)
        };
        for (name, background) in [("dark", (16u8, 16u8, 16u8)), ("light", (255, 255, 255))] {
            let text = BUILT_IN.iter().find(|(n, _)| *n == name).unwrap().1;
            let theme = Theme::read(name, text, Depth::True).unwrap();
            for meaning in Meaning::ALL.iter().filter(|m| **m != Meaning::Border) {
                let style = theme.style(*meaning);
                let Some(Color::Rgb(r, g, b)) = style.fg else { panic!("{meaning:?} has no colour") };
                let behind = match style.bg {
                    Some(Color::Rgb(r, g, b)) => (r, g, b),
                    _ => background,
                };
                assert!(ratio((r, g, b), behind) >= 4.5, "{name} {meaning:?}");
            }
        }
    }
}
