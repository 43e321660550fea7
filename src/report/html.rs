//! The record as one HTML page that loads nothing and runs nothing: the Markdown of it, rendered.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// No script, no picture, no address is followed by reading it, wherever the page is opened.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Incident record</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
li { margin: .2rem 0; }
code { font-size: 90%; }
@media print { body { max-width: none; margin: 0; } }
</style>
</head>
<body>
"#;

/// A page of the record's Markdown. What would be HTML, a link or a picture in it is shown as the words that it is.
pub fn html(markdown: &str) -> String {
    let harmless = Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image) => None,
        event => Some(event),
    });
    let mut page = HEAD.to_owned();
    html::push_html(&mut page, harmless);
    page.push_str("</body>\n</html>\n");
    page
}
