//! The bytes that turn one picture into the next: few moves, few style changes, in one synchronized update. Pure.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Bytes that need no bracket: one segment on any link.
const SHORT: usize = 200;

/// The terminal as it was left by the last frame.
#[derive(Clone, Debug, Default)]
pub struct Painter {
    shown: Option<Buffer>,
    cursor: Option<(u16, u16)>,
}

impl Painter {
    /// Forgets what the terminal shows: the next frame draws all of it.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// The bytes for the next picture; empty where nothing changes. `cursor`: where it is to stand, None: hidden.
    pub fn paint(&mut self, next: &Buffer, cursor: Option<(u16, u16)>) -> Vec<u8> {
        let mut pen = Pen::default();
        let whole = match &self.shown {
            Some(shown) => shown.area != next.area,
            None => true,
        };
        if whole {
            pen.out.push_str("\x1b[0m\x1b[2J");
            let blank = Buffer::empty(next.area);
            pen.cells(&blank, next);
        } else if let Some(shown) = &self.shown {
            pen.cells(shown, next);
        }
        let moved = cursor != self.cursor;
        if pen.out.is_empty() && !moved {
            return Vec::new();
        }
        pen.plain();
        match cursor {
            Some((x, y)) => {
                let _ = write!(pen.out, "\x1b[{};{}H", y + 1, x + 1);
                if self.cursor.is_none() || whole {
                    pen.out.push_str("\x1b[?25h");
                }
            }
            None if self.cursor.is_some() || whole => pen.out.push_str("\x1b[?25l"),
            None => {}
        }
        self.shown = Some(next.clone());
        self.cursor = cursor;
        // What is shorter than the brackets of a synchronized update arrives whole anyhow.
        if pen.out.len() <= SHORT {
            return pen.out.into_bytes();
        }
        let mut bytes = Vec::with_capacity(pen.out.len() + 16);
        bytes.extend_from_slice(b"\x1b[?2026h");
        bytes.extend_from_slice(pen.out.as_bytes());
        bytes.extend_from_slice(b"\x1b[?2026l");
        bytes
    }
}

#[derive(Clone, Copy, PartialEq, Default)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Look {
        let shown = Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::REVERSED;
        Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier.intersection(shown) }
    }

    /// How a blank looks: its foreground, weight and slant do not show.
    fn blank(self) -> Look {
        if self.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED) {
            return self;
        }
        Look { fg: Color::Reset, bg: self.bg, modifier: Modifier::empty() }
    }
}

#[derive(Default)]
struct Pen {
    out: String,
    look: Look,
    at: Option<(u16, u16)>,
}

impl Pen {
    fn cells(&mut self, old: &Buffer, new: &Buffer) {
        let area = new.area;
        for y in 0..area.height {
            let mut x = 0;
            while x < area.width {
                let (Some(before), Some(cell)) = (old.cell((x, y)), new.cell((x, y))) else {
                    x += 1;
                    continue;
                };
                let wide = (cell.symbol().width() as u16).clamp(1, 2);
                let changed = !same(before, cell)
                    || (wide == 2 && old.cell((x + 1, y)).is_some_and(|b| new.cell((x + 1, y)) != Some(b)));
                if changed {
                    self.go(x, y, new);
                    self.cell(cell);
                    self.at = Some((x + wide, y));
                    // A terminal may think otherwise of the width of all but the common: the next cell is moved to.
                    if wide == 2 || !cell.symbol().chars().all(common) || cell.symbol().chars().count() > 1 {
                        self.at = None;
                    }
                }
                x += wide;
            }
        }
    }

    /// Moves to a cell: by writing the few unchanged cells between, or by the shortest sequence.
    fn go(&mut self, x: u16, y: u16, new: &Buffer) {
        if let Some((at_x, at_y)) = self.at {
            if (at_x, at_y) == (x, y) {
                return;
            }
            if at_y == y && at_x < x {
                let gap = x - at_x;
                let between: Option<Vec<&Cell>> = (at_x..x).map(|i| new.cell((i, y))).collect();
                if gap <= 4
                    && let Some(between) = between
                    && between.iter().all(|c| c.symbol().is_ascii() && self.fits(c))
                {
                    for cell in between {
                        self.out.push_str(cell.symbol());
                    }
                    return;
                }
                let _ = if gap == 1 { write!(self.out, "\x1b[C") } else { write!(self.out, "\x1b[{gap}C") };
                return;
            }
            if y == at_y + 1 && x == 0 {
                self.out.push_str("\r\n");
                return;
            }
        }
        match (x, y) {
            (0, 0) => self.out.push_str("\x1b[H"),
            (0, y) => {
                let _ = write!(self.out, "\x1b[{}H", y + 1);
            }
            (x, y) => {
                let _ = write!(self.out, "\x1b[{};{}H", y + 1, x + 1);
            }
        }
    }

    /// Whether a cell can be written with the present look.
    fn fits(&self, cell: &Cell) -> bool {
        let look = Look::of(cell);
        look == self.look || (cell.symbol() == " " && look.blank() == self.look.blank())
    }

    fn cell(&mut self, cell: &Cell) {
        if !self.fits(cell) {
            let look = Look::of(cell);
            let look = if cell.symbol() == " " { look.blank() } else { look };
            self.style(look);
        }
        self.out.push_str(if cell.symbol().is_empty() { " " } else { cell.symbol() });
    }

    fn plain(&mut self) {
        self.style(Look::default());
    }

    fn style(&mut self, look: Look) {
        if look == self.look {
            return;
        }
        let gone = self.look.modifier.difference(look.modifier);
        let mut codes: Vec<String> = Vec::new();
        let mut from = self.look;
        // Attributes are taken away one by one, or all at once where that is shorter.
        if !gone.is_empty() || look == Look::default() {
            codes.push("0".to_owned());
            from = Look::default();
        }
        for (modifier, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::ITALIC, "3"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::REVERSED, "7"),
        ] {
            if look.modifier.contains(modifier) && !from.modifier.contains(modifier) {
                codes.push(code.to_owned());
            }
        }
        if look.fg != from.fg {
            codes.push(colour(look.fg, 30));
        }
        if look.bg != from.bg {
            codes.push(colour(look.bg, 40));
        }
        let codes = codes.join(";");
        let _ = write!(self.out, "\x1b[{}m", if codes == "0" { "" } else { &codes });
        self.look = look;
    }
}

/// A character that takes one column in every terminal: letters of Latin, Greek and Cyrillic, and our own lines and marks.
fn common(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}')
        || matches!(c, '\u{2500}'..='\u{257f}' | '…' | '␛' | '⟨' | '⟩')
}

fn same(a: &Cell, b: &Cell) -> bool {
    if a.symbol() != b.symbol() {
        return false;
    }
    let (x, y) = (Look::of(a), Look::of(b));
    if a.symbol() == " " { x.blank() == y.blank() } else { x == y }
}

/// A colour as SGR parameters; `base` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8) -> String {
    match colour {
        Color::Indexed(n) if n < 8 => (base + n).to_string(),
        Color::Indexed(n) if n < 16 => (base + 60 + n - 8).to_string(),
        Color::Indexed(n) => format!("{};5;{n}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
        // Themes give numbers and red-green-blue only.
        _ => (base + 9).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn buffer(width: u16, height: u16, cells: &[(u16, u16, char, u8)]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        for (x, y, c, style) in cells {
            let style = match style % 4 {
                0 => Style::new(),
                1 => Style::new().fg(Color::Indexed(1)).add_modifier(Modifier::BOLD),
                2 => Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(200)),
                _ => Style::new().add_modifier(Modifier::REVERSED),
            };
            if let Some(cell) = buffer.cell_mut((x % width, y % height)) {
                cell.set_char(*c).set_style(style);
            }
        }
        buffer
    }

    fn looks(parser: &vt100::Parser, next: &Buffer) -> Result<(), String> {
        for y in 0..next.area.height {
            for x in 0..next.area.width {
                let (Some(cell), Some(want)) = (parser.screen().cell(y, x), next.cell((x, y))) else { continue };
                let shown = if cell.contents().is_empty() { " " } else { cell.contents() };
                if shown != want.symbol() {
                    return Err(format!("({x},{y}) shows {shown:?}, wanted {:?}", want.symbol()));
                }
                let bold = want.modifier.contains(Modifier::BOLD);
                let inverse = want.modifier.contains(Modifier::REVERSED);
                if shown != " " && (cell.bold() != bold || cell.inverse() != inverse) {
                    return Err(format!("({x},{y}) has another look"));
                }
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn a_terminal_shows_what_was_meant(
            first in proptest::collection::vec((0u16..30, 0u16..8, proptest::char::range('!', '~'), 0u8..4), 0..60),
            second in proptest::collection::vec((0u16..30, 0u16..8, proptest::char::range(' ', '~'), 0u8..4), 0..60),
        ) {
            let mut parser = vt100::Parser::new(8.try_into().unwrap(), 30.try_into().unwrap(), 0);
            let mut painter = Painter::default();
            for cells in [&first, &second] {
                let next = buffer(30, 8, cells);
                parser.process(&painter.paint(&next, None));
                prop_assert_eq!(looks(&parser, &next), Ok(()));
            }
        }
    }

    #[test]
    fn nothing_changed_is_no_byte() {
        let mut painter = Painter::default();
        let next = buffer(30, 8, &[(1, 1, 'x', 1)]);
        assert!(!painter.paint(&next, None).is_empty());
        assert!(painter.paint(&next, None).is_empty());
    }
}
