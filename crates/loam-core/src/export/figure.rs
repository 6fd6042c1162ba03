//! A figure of a map's layers: what is on it, and where. The PNG and the SVG are drawn from it by the same lines, so that they cannot differ.

use std::sync::Arc;

use ease_grid::{EaseWindow, Edges, Resolution};

use super::svg::Svg;
use crate::map::basemap::Near;
use crate::map::pen::{Anchor, DARK, Face, Frame, GREY, Ink, Path, Pen, SIMULATED, Stroke, around};
use crate::map::scale::tidy;
use crate::map::sketch::{self, Onto};
use crate::map::{Basemap, LineKind, Scale};

const MARGIN: f64 = 28.0;
const GAP: f64 = 20.0;
/// Width of a map.
const PANEL: f64 = 360.0;
/// Above each map, for its heading.
const HEADING: f64 = 30.0;
/// From one line of the foot to the next.
const FOOT_LINE: f64 = 13.5;
/// Legends and what is around them.
const LEGENDS: f64 = 84.0;
/// Size of the letters of the foot.
pub const FOOT: f64 = 10.5;
/// Width of the world with the region on it.
const LOCATOR: f64 = 118.0;

/// A map of the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows.
    pub heading: String,
    /// Cells along the edges that are veiled.
    pub edges: Edges,
}

/// The colours of a scale, named.
#[derive(Debug, Clone, PartialEq)]
pub struct Legend {
    /// What the values are.
    pub name: &'static str,
    /// Their scale.
    pub scale: Scale,
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Quantity, place and date.
    pub title: String,
    /// Width in print, millimetres.
    pub print: f64,
    /// What is shown is no observation.
    pub simulated: bool,
    /// The region.
    pub window: EaseWindow,
    /// The maps.
    pub panels: Vec<Panel>,
    /// Their scales.
    pub legends: Vec<Legend>,
    /// Lines below them, each as long as [`Figure::foot_width`] allows.
    pub foot: Vec<String>,
    /// Where it comes from, as (keyword, text): kept in the file.
    pub facts: Vec<(&'static str, String)>,
    /// Lines and towns on the maps.
    pub near: Option<Arc<Near>>,
    /// The world's coastlines, in cells of 36 km.
    pub world: Vec<Vec<(f64, f64)>>,
}

/// The world's coastlines for [`Figure::world`].
#[must_use]
pub fn world(base: &Basemap) -> Vec<Vec<(f64, f64)>> {
    let all = base.coast().in_window(&EaseWindow::global(Resolution::M36), 6.0);
    all.into_iter().filter(|line| line.0 == LineKind::Coast).map(|line| line.1).collect()
}

fn across(panels: usize) -> usize {
    panels.clamp(1, 2)
}

fn width(panels: usize) -> f64 {
    let across = across(panels) as f64;
    (MARGIN * 2.0 + across * PANEL + (across - 1.0) * GAP).max(700.0)
}

impl Figure {
    /// How long a line below the maps may be.
    #[must_use]
    pub fn foot_width(panels: usize) -> f64 {
        width(panels) - 2.0 * MARGIN
    }

    /// How high a map is.
    fn tall(&self) -> f64 {
        PANEL * self.window.rows as f64 / self.window.columns.max(1) as f64
    }

    fn head(&self) -> f64 {
        if self.simulated { 92.0 } else { 68.0 }
    }

    /// Below the maps.
    fn below(&self) -> f64 {
        let rows = self.panels.len().div_ceil(across(self.panels.len())) as f64;
        self.head() + rows * (self.tall() + HEADING)
    }

    /// Width and height, in pixels of the layout.
    #[must_use]
    pub fn size(&self) -> (f64, f64) {
        (width(self.panels.len()), self.below() + LEGENDS + FOOT_LINE * self.foot.len() as f64)
    }

    /// Pixels of a picture of 300 dpi in one of the layout.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.print / 25.4 * 300.0 / self.size().0
    }

    /// Draws all of it.
    pub fn draw(&self, pen: &mut dyn Pen) {
        let (width, height) = self.size();
        pen.fill(Frame { x: 0.0, y: 0.0, width, height }, Ink([255, 255, 255], 1.0));
        pen.text(&self.title, (MARGIN, 36.0), Face::new(20.0, 600, DARK));
        let cells = format!(
            "{} × {} cells, EASE-Grid 2.0 cylindrical equal area (EPSG:6933)",
            self.window.columns, self.window.rows
        );
        pen.text(&cells, (MARGIN, 55.0), Face::new(12.0, 400, GREY));
        if self.simulated {
            let words = "SIMULATED scenes, not observations";
            pen.text(words, (MARGIN, 76.0), Face::new(13.0, 700, SIMULATED));
        }
        if !self.world.is_empty() {
            self.locator(pen, width - MARGIN - LOCATOR);
        }
        for (n, panel) in self.panels.iter().enumerate() {
            self.panel(pen, n, panel);
        }
        self.below_maps(pen);
    }

    /// The world, and the region as it lies there.
    fn locator(&self, pen: &mut dyn Pen, x: f64) {
        let globe = EaseWindow::global(Resolution::M36);
        let (columns, rows) = (globe.columns as f64, globe.rows as f64);
        let step = LOCATOR / columns;
        let frame = Frame { x, y: 10.0, width: LOCATOR, height: rows * step };
        let place = |&(column, row): &(f64, f64)| (frame.x + column * step, frame.y + row * step);
        let coasts: Vec<Path> = self.world.iter().map(|line| line.iter().map(place).collect()).collect();
        pen.clip(frame);
        pen.lines(&coasts, &[Stroke::solid(GREY, 0.5)]);
        let per = self.window.resolution.per_36km() as f64 / step;
        let region = Frame {
            x: frame.x + self.window.first_column as f64 / per,
            y: frame.y + self.window.first_row as f64 / per,
            width: self.window.columns as f64 / per,
            height: self.window.rows as f64 / per,
        };
        // Small regions are seen too.
        let region = region.grown((2.0 - region.width / 2.0).max(0.0));
        pen.lines(&[around(region)], &[Stroke::solid(SIMULATED, 1.4)]);
        pen.unclip();
        pen.lines(&[around(frame)], &[Stroke::solid(GREY, 0.5)]);
    }

    fn panel(&self, pen: &mut dyn Pen, n: usize, panel: &Panel) {
        let (across, tall) = (across(self.panels.len()), self.tall());
        let x = MARGIN + (n % across) as f64 * (PANEL + GAP);
        let y = self.head() + (n / across) as f64 * (tall + HEADING) + 16.0;
        // As a paper refers to it: figure 2b.
        let letter = char::from(b'a' + (n % 26) as u8);
        let heading = format!("({letter}) {}", panel.heading);
        pen.text(&heading, (x, y - 6.0), Face::new(13.0, 600, DARK));
        let frame = Frame { x, y, width: PANEL, height: tall };
        let onto = Onto::whole(&self.window, frame);
        pen.image(n, frame);
        sketch::edges(pen, &panel.edges, onto);
        sketch::over(pen, self.near.as_deref(), onto);
        pen.lines(&[around(frame)], &[Stroke::solid(GREY, 0.8)]);
        if self.simulated {
            let face = Face::new(11.0, 700, SIMULATED).at(Anchor::End).with_halo();
            pen.text("SIMULATED", (x + PANEL - 6.0, y + 14.0), face);
        }
    }

    /// Legends, the hatch's key, the foot.
    fn below_maps(&self, pen: &mut dyn Pen) {
        let mut y = self.below() + 20.0;
        let (widths, gap) =
            if self.legends.len() > 2 { ([190.0, 170.0, 170.0], 22.0) } else { ([250.0, 180.0, 0.0], 30.0) };
        let mut x = MARGIN + 4.0;
        for (of, width) in self.legends.iter().zip(widths) {
            legend(pen, of, Frame { x, y, width, height: 12.0 });
            x += width + gap;
        }
        let right = width(self.panels.len()) - MARGIN;
        sketch::hatch(pen, Frame { x: right - 130.0, y: y + 8.0, width: 26.0, height: 14.0 });
        pen.text("masked", (right - 98.0, y + 19.0), Face::new(12.0, 400, DARK));
        y += 56.0;
        for line in &self.foot {
            pen.text(line, (MARGIN, y), Face::new(FOOT, 400, GREY));
            y += FOOT_LINE;
        }
    }

    /// As the text of an SVG. `images`: the cells of each map as the address of a picture (`data:image/png;base64,…`).
    #[must_use]
    pub fn svg(&self, images: Vec<String>) -> String {
        let mut svg = Svg::new(images);
        self.draw(&mut svg);
        let simulated = if self.simulated { "SIMULATED: " } else { "" };
        svg.finish(self.size(), self.print, &format!("{simulated}{}", self.title), &self.facts)
    }
}

/// One legend bar with ticks under it; the frame is the bar's, its name above.
fn legend(pen: &mut dyn Pen, of: &Legend, at: Frame) {
    let (scale, Frame { x, y, width, height }) = (&of.scale, at);
    pen.text(&format!("{}, {}", of.name, scale.unit), (x, y), Face::new(12.0, 600, DARK));
    sketch::ramp(pen, scale, Frame { x, y: y + 8.0, width, height });
    for tick in scale.ticks() {
        let at = x + (tick - scale.min) / (scale.max - scale.min) * width;
        pen.fill(Frame { x: at - 0.5, y: y + 20.0, width: 1.0, height: 4.0 }, DARK);
        pen.text(&tidy(tick), (at, y + 35.0), Face::new(11.0, 400, DARK).at(Anchor::Middle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::{Coastline, Places};

    /// A figure of two maps about Geneva with everything that can be on it.
    fn figure() -> Result<Figure, Box<dyn std::error::Error>> {
        let coast = Coastline::parse(include_bytes!("../../../../public/coastline.bin"))?;
        let places = Places::parse(include_bytes!("../../../../public/places.bin"))?;
        let base = Basemap::new(Arc::new(coast)).with(Arc::new(places));
        let window = EaseWindow::around(Resolution::M03, 6.1432, 46.2044, 100, 100)?;
        let panel = |heading: &str| Panel { heading: heading.to_owned(), edges: Edges::all(4) };
        Ok(Figure {
            title: "Soil moisture, Geneva & <Vaud>, 2020-06-03".to_owned(),
            print: 135.0,
            simulated: true,
            window,
            panels: vec![panel("Input, SMAP 36 km"), panel("Estimate, RCN 3 km")],
            legends: vec![Legend { name: "Soil moisture", scale: Scale::moisture() }],
            foot: vec!["Scale: 0 to 0.5 m³/m³, fixed.".to_owned()],
            facts: vec![("Title", "SIMULATED: Soil moisture, 2020-06-03".to_owned())],
            near: Some(base.near(&window, true)),
            world: world(&base),
        })
    }

    /// What a text is made of: tags that are closed in order, and no letters that XML keeps for itself.
    fn assert_well_formed(xml: &str) {
        let mut open = Vec::new();
        for piece in xml.split('<').skip(1) {
            let Some((tag, text)) = piece.split_once('>') else { panic!("no end: {piece}") };
            assert!(!text.contains('>'), "{piece}");
            let name = tag.split_whitespace().next().unwrap_or_default();
            if let Some(closed) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed));
            } else if !tag.ends_with('/') && !tag.starts_with('?') {
                open.push(name);
            }
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        }
        assert!(open.is_empty(), "{open:?}");
        let known = ["amp;", "lt;", "gt;", "quot;"];
        assert!(xml.split('&').skip(1).all(|rest| known.iter().any(|name| rest.starts_with(name))));
    }

    #[test]
    fn an_svg_says_all_that_a_figure_must_say() -> Result<(), Box<dyn std::error::Error>> {
        let figure = figure()?;
        let svg = figure.svg(vec!["data:image/png;base64,AAAA".to_owned(); 2]);
        assert_well_formed(&svg);
        for said in [
            "<title>SIMULATED: Soil moisture, Geneva &amp; &lt;Vaud&gt;, 2020-06-03</title>",
            ">Soil moisture, Geneva &amp; &lt;Vaud&gt;, 2020-06-03</text>",
            ">SIMULATED scenes, not observations</text>",
            ">Soil moisture, m³/m³</text>",
            ">(b) Estimate, RCN 3 km</text>",
            ">Geneva</text>",
            ">46° N</text>",
            " km W–E</text>",
            "Scale: 0 to 0.5 m³/m³, fixed.",
        ] {
            assert!(svg.contains(said), "{said} is not in it");
        }
        for tick in Scale::moisture().ticks() {
            assert!(svg.contains(&format!(">{}</text>", tidy(tick))), "{tick}");
        }
        // As wide in print as is asked for; the PNG has 300 pixels to an inch of it.
        assert!(svg.contains("width=\"135mm\""));
        assert_eq!((figure.size().0 * figure.ratio()).round(), (135.0 / 25.4 * 300.0_f64).round());
        assert_eq!(svg.matches("<image ").count(), 2);
        assert_eq!(svg.matches("image-rendering=\"pixelated\"").count(), 2);
        // Once over each map, with its rim.
        assert_eq!(svg.matches(">SIMULATED</text>").count(), 4);
        let observed = Figure { simulated: false, ..figure };
        assert!(!observed.svg(Vec::new()).contains(">SIMULATED"));
        Ok(())
    }
}
