//! A figure as SVG: lines, letters and legends as vectors, the pixels of maps as PNG inside it.

use std::fmt::Write as _;

use crate::map::pen::{Anchor, Face, Frame, Ink, Path, Pen, Stroke};

/// Draws into the text of an SVG.
#[derive(Debug, Default)]
pub struct Svg {
    images: Vec<String>,
    body: String,
    clips: usize,
}

/// A number with as many decimals as a printer could show.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A text as XML holds it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no words for these.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// An attribute with a colour, and another where it can be seen through.
fn ink(name: &str, Ink([r, g, b], opacity): Ink) -> String {
    let colour = format!(r##"{name}="#{r:02x}{g:02x}{b:02x}""##);
    if opacity < 1.0 { format!(r#"{colour} {name}-opacity="{}""#, number(opacity)) } else { colour }
}

fn rectangle(frame: Frame) -> String {
    let [x, y, width, height] = [frame.x, frame.y, frame.width, frame.height].map(number);
    format!(r#"<rect x="{x}" y="{y}" width="{width}" height="{height}""#)
}

impl Svg {
    /// With the pixels of the maps as addresses (`data:image/png;base64,…`), as a browser's canvas gives them.
    #[must_use]
    pub fn new(images: Vec<String>) -> Self {
        Self { images, ..Self::default() }
    }

    /// The whole file, of this size in pixels of the layout and this width in print, millimetres. What is said of it stands before the picture.
    #[must_use]
    pub fn finish(
        self,
        (width, height): (f64, f64),
        print: f64,
        title: &str,
        facts: &[(&'static str, String)],
    ) -> String {
        let (wide, high) = (number(print), number(print * height / width));
        let (width, height, body) = (number(width), number(height), self.body);
        let said: String = facts.iter().map(|(key, text)| format!("{key}: {}\n", escaped(text))).collect();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" width="{wide}mm" height="{high}mm" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">
<title>{}</title>
<desc>{said}</desc>
{body}</svg>
"#,
            escaped(title)
        )
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a text cannot fail.
        let _ = self.body.write_fmt(element);
    }
}

impl Pen for Svg {
    fn clip(&mut self, frame: Frame) {
        self.clips += 1;
        let (name, shape) = (self.clips, rectangle(frame));
        self.add(format_args!(
            "<clipPath id=\"clip{name}\">{shape}/></clipPath>\n<g clip-path=\"url(#clip{name})\">\n"
        ));
    }

    fn unclip(&mut self) {
        self.add(format_args!("</g>\n"));
    }

    fn fill(&mut self, frame: Frame, colour: Ink) {
        self.add(format_args!("{} {}/>\n", rectangle(frame), ink("fill", colour)));
    }

    fn lines(&mut self, paths: &[Path], strokes: &[Stroke]) {
        let mut d = String::new();
        for path in paths {
            for (n, (x, y)) in path.iter().enumerate() {
                d.push_str(if n == 0 { "M" } else { "L" });
                d.push_str(&number(*x));
                d.push(' ');
                d.push_str(&number(*y));
            }
        }
        if d.is_empty() {
            return;
        }
        for stroke in strokes {
            let dash = stroke.dash.map(|(on, off)| format!(r#" stroke-dasharray="{on} {off}""#));
            let (colour, width) = (ink("stroke", stroke.ink), number(stroke.width));
            let dash = dash.unwrap_or_default();
            self.add(format_args!(
                "<path d=\"{d}\" fill=\"none\" stroke-width=\"{width}\" stroke-linejoin=\"round\" {colour}{dash}/>\n"
            ));
        }
    }

    fn disc(&mut self, (x, y): (f64, f64), radius: f64, colour: Ink) {
        let [x, y, radius] = [x, y, radius].map(number);
        self.add(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {}/>\n", ink("fill", colour)));
    }

    fn text(&mut self, text: &str, (x, y): (f64, f64), face: Face) {
        let anchor = match face.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let [x, y, size] = [x, y, face.size].map(number);
        let (weight, words) = (face.weight, escaped(text));
        let place = format!(r#"x="{x}" y="{y}" font-size="{size}" font-weight="{weight}"{anchor}"#);
        // The rim as a text of its own: not every program draws it below the letters by itself.
        if face.halo {
            let rim = ink("stroke", crate::map::pen::HALO);
            self.add(format_args!(
                "<text {place} fill=\"none\" stroke-width=\"3\" stroke-linejoin=\"round\" aria-hidden=\"true\" {rim}>{words}</text>\n"
            ));
        }
        self.add(format_args!("<text {place} {}>{words}</text>\n", ink("fill", face.ink)));
    }

    fn image(&mut self, number: usize, frame: Frame) {
        let Some(address) = self.images.get(number).cloned() else { return };
        let [x, y, width, height] = [frame.x, frame.y, frame.width, frame.height].map(self::number);
        // An attribute, not a style: a page whose policy forbids styles may show the file too.
        self.add(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" image-rendering=\"pixelated\" xlink:href=\"{}\"/>\n",
            escaped(&address)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_texts_are_escaped() {
        assert_eq!([0.0, -0.001, 1.5, 12.346, 100.0].map(number), ["0", "0", "1.5", "12.35", "100"]);
        assert_eq!(escaped("a < b & \"c\"\u{1}"), "a &lt; b &amp; &quot;c&quot; ");
        assert_eq!(ink("fill", Ink([1, 2, 255], 0.45)), r##"fill="#0102ff" fill-opacity="0.45""##);
    }
}
