//! Drawing onto a grid of cells. Takes only safe text and literals, clips to its area, never panics at any size.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use super::theme::{Meaning, Theme};
use crate::incident::exercise::MARK;
use crate::text::{Safe, shorten, width};

/// A piece of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub text: Safe,
    pub meaning: Meaning,
}

/// Makes a piece.
pub fn piece(text: impl Into<Safe>, meaning: Meaning) -> Piece {
    Piece { text: text.into(), meaning }
}

/// What is drawn on, and how.
pub struct Ink<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    ascii: bool,
    area: Rect,
    /// What is drawn is an exercise: every box says so.
    exercise: bool,
}

impl<'a> Ink<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme, ascii: bool) -> Ink<'a> {
        let area = buffer.area;
        Ink { buffer, theme, ascii, area, exercise: false }
    }

    pub fn of_exercise(self, exercise: bool) -> Ink<'a> {
        Ink { exercise, ..self }
    }

    /// Draws on the first rows only.
    pub fn above(self, rows: u16) -> Ink<'a> {
        let area = Rect { height: self.area.height.min(rows), ..self.area };
        Ink { area, ..self }
    }

    pub fn area(&self) -> Rect {
        self.area
    }

    /// Draws text from (x, y) on, in at most `columns` cells of `area`. Returns the columns used.
    pub fn put(&mut self, area: Rect, x: u16, y: u16, columns: usize, text: &Safe, meaning: Meaning) -> usize {
        let area = area.intersection(self.area);
        if y >= area.height || x >= area.width {
            return 0;
        }
        let room = columns.min(usize::from(area.width - x));
        let shown = if self.ascii { ascii(text) } else { text.clone() };
        // A column's padding at the edge is nothing that was cut.
        let shown = if shown.as_str().ends_with(' ') && crate::text::width::width(shown.as_str()) > room {
            Safe::new(shown.as_str().trim_end())
        } else {
            shown
        };
        let shown = shorten::shorten(&shown, room);
        let style = self.theme.style(meaning);
        let mut used = 0;
        for cluster in shown.as_str().graphemes(true) {
            // The shortening mark itself has to be ASCII where only ASCII may be drawn.
            let cluster = if self.ascii && cluster == "…" { "~" } else { cluster };
            let wide = width::grapheme(cluster);
            if wide == 0 {
                continue;
            }
            let (cx, cy) = (area.x + x + used as u16, area.y + y);
            if let Some(cell) = self.buffer.cell_mut((cx, cy)) {
                cell.set_symbol(cluster);
                cell.set_style(style);
            }
            // The second half of a wide cluster is an empty cell.
            if wide == 2
                && let Some(cell) = self.buffer.cell_mut((cx + 1, cy))
            {
                cell.reset();
                cell.set_style(style);
            }
            used += wide;
        }
        used
    }

    /// Draws pieces one after the other. Returns the columns used.
    pub fn row(&mut self, area: Rect, x: u16, y: u16, pieces: &[Piece]) -> usize {
        let mut used = usize::from(x);
        for piece in pieces {
            if used >= usize::from(area.width) {
                break;
            }
            used += self.put(area, used as u16, y, usize::MAX, &piece.text, piece.meaning);
        }
        used - usize::from(x)
    }

    /// Gives a whole row one style: the lit row.
    pub fn light(&mut self, area: Rect, y: u16, meaning: Meaning) {
        let area = area.intersection(self.area);
        if y < area.height {
            let style = self.theme.style(meaning);
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, area.y + y)) {
                    cell.set_style(ratatui::style::Style::reset());
                    cell.set_style(style);
                }
            }
        }
    }

    /// Blanks an area, for what is drawn over others.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// A vertical line.
    pub fn line(&mut self, area: Rect, x: u16) {
        for y in 0..area.height {
            self.put(area, x, y, 1, &Safe::from("│"), Meaning::Border);
        }
    }

    /// A box with a title, blank inside. Returns the inside.
    pub fn frame(&mut self, area: Rect, title: &Safe) -> Rect {
        self.clear(area);
        if area.width < 4 || area.height < 3 {
            return area;
        }
        let dashes = |n: usize| Safe::new(&"─".repeat(n));
        let inner = usize::from(area.width) - 2;
        for y in [0, area.height - 1] {
            let (left, right) = if y == 0 { ("┌", "┐") } else { ("└", "┘") };
            self.put(area, 0, y, 1, &Safe::from(left), Meaning::Border);
            self.put(area, 1, y, inner, &dashes(inner), Meaning::Border);
            self.put(area, area.width - 1, y, 1, &Safe::from(right), Meaning::Border);
        }
        for y in 1..area.height - 1 {
            self.put(area, 0, y, 1, &Safe::from("│"), Meaning::Border);
            self.put(area, area.width - 1, y, 1, &Safe::from("│"), Meaning::Border);
        }
        let mark = if self.exercise {
            self.put(area, 2, 0, inner.saturating_sub(2), &Safe::from(MARK), Meaning::Exercise) as u16 + 1
        } else {
            0
        };
        let left = inner.saturating_sub(2 + usize::from(mark));
        self.put(area, 2 + mark, 0, left, title, Meaning::Title);
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    pub fn buffer(&mut self) -> &mut Buffer {
        self.buffer
    }

    pub fn style(&self, meaning: Meaning) -> ratatui::style::Style {
        self.theme.style(meaning)
    }
}

/// The ASCII form of our own drawing characters; letters of people stay, as what they are.
fn ascii(text: &Safe) -> Safe {
    if text.as_str().is_ascii() {
        return text.clone();
    }
    let mapped: String = text
        .as_str()
        .chars()
        .map(|c| match c {
            '│' => '|',
            '─' => '-',
            '┌' | '┐' | '└' | '┘' | '├' | '┤' => '+',
            '▲' => '^',
            '▼' => 'v',
            '✓' => '+',
            '✗' => '!',
            '…' => '~',
            '·' => '.',
            '→' => '>',
            '⟨' => '<',
            '⟩' => '>',
            '␛' => '^',
            c if c.is_ascii() => c,
            '\u{2400}'..='\u{2421}' => '^',
            c if unicode_width::UnicodeWidthChar::width(c) == Some(1) => '?',
            _ => '?',
        })
        .collect();
    Safe::new(&mapped)
}
