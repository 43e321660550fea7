//! Which pane stands where at which size. Pure geometry; total at any size down to 1×1.

use ratatui::layout::Rect;

use super::model::Pane;

/// From this width and height on all six panes show at once.
pub const WIDE: (u16, u16) = (100, 28);

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub header: Rect,
    pub tabs: Option<Rect>,
    pub panes: Vec<(Pane, Rect)>,
    /// Below the one pane where there is height to spare: what was told, signals, last rows.
    pub strip: Option<Rect>,
    /// Columns at which a vertical line separates panes, with its extent.
    pub rule: Option<Rect>,
    pub footer: Rect,
}

/// Where everything stands.
pub fn layout(size: (u16, u16), zoom: bool, pane: Pane) -> Layout {
    let (width, height) = size;
    let rect = |x, y, w, h| Rect { x, y, width: w, height: h };
    let header = rect(0, 0, width, height.min(2));
    let footer_height = u16::from(height > 3);
    let footer = rect(0, height - footer_height, width, footer_height);
    let top = header.height;
    let body = height.saturating_sub(top + footer_height);
    let wide = width >= WIDE.0 && height >= WIDE.1;
    if wide && !zoom {
        let left = width / 2;
        let right = width - left - 1;
        let cut = |share: u16| body * share / 33;
        let (now, timeline) = (cut(12), cut(11));
        let (messages, agencies) = (cut(13), cut(10));
        let x = left + 1;
        return Layout {
            header,
            tabs: None,
            panes: vec![
                (Pane::Now, rect(0, top, left, now)),
                (Pane::Timeline, rect(0, top + now, left, timeline)),
                (Pane::Signals, rect(0, top + now + timeline, left, body - now - timeline)),
                (Pane::Messages, rect(x, top, right, messages)),
                (Pane::Agencies, rect(x, top + messages, right, agencies)),
                (Pane::Teams, rect(x, top + messages + agencies, right, body - messages - agencies)),
            ],
            strip: None,
            rule: Some(rect(left, top, 1, body)),
            footer,
        };
    }
    if wide {
        let panes = vec![(pane, rect(0, top, width, body))];
        return Layout { header, tabs: None, panes, strip: None, rule: None, footer };
    }
    // One pane with a tab bar: above it, or below it where every row counts.
    let low = height < 16;
    let bar = u16::from(body >= 3);
    let tabs = if low { rect(0, height - footer_height - bar, width, bar) } else { rect(0, top, width, bar) };
    let y = if low { top } else { top + bar };
    let rest = body - bar;
    let strip_height = if !zoom && pane == Pane::Now && height >= 22 && width >= 60 { 8 } else { 0 };
    let one = rect(0, y, width, rest - strip_height.min(rest));
    Layout {
        header,
        tabs: (bar > 0).then_some(tabs),
        panes: vec![(pane, one)],
        strip: (strip_height > 0).then(|| rect(0, y + one.height, width, strip_height)),
        rule: None,
        footer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_lays_out_inside_the_screen() {
        for width in 0..200 {
            for height in 0..80 {
                for pane in Pane::ALL {
                    for zoom in [false, true] {
                        let l = layout((width, height), zoom, pane);
                        let mut all: Vec<Rect> = l.panes.iter().map(|(_, r)| *r).collect();
                        all.extend([l.header, l.footer]);
                        all.extend(l.tabs);
                        all.extend(l.strip);
                        for r in all {
                            assert!(r.x + r.width <= width && r.y + r.height <= height, "{width}x{height} {r:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn lists_have_the_rows_that_a_small_terminal_must_show() {
        let rows = |size| layout(size, false, Pane::Now).panes[0].1.height;
        assert!(rows((80, 24)) >= 10);
        assert!(rows((40, 10)) >= 5);
    }
}
