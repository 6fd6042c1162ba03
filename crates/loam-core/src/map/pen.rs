//! What draws: a canvas on the page, or the text of an SVG. What is drawn is said once, and both draw it.

/// Where something is drawn, in pixels of the layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Frame {
    /// They share a point.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }

    /// The other lies in it.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }

    /// Larger on every side.
    #[must_use]
    pub fn grown(self, by: f64) -> Self {
        let (width, height) = (self.width + 2.0 * by, self.height + 2.0 * by);
        Self { x: self.x - by, y: self.y - by, width, height }
    }

    /// The smallest that holds both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }
}

/// A colour with its opacity, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink(pub [u8; 3], pub f64);

/// Letters and frames.
pub const DARK: Ink = Ink([0x14, 0x18, 0x1c], 1.0);
/// Lesser letters.
pub const GREY: Ink = Ink([0x4a, 0x53, 0x5b], 1.0);
/// What is simulated.
pub const SIMULATED: Ink = Ink([0x8a, 0x2c, 0x0d], 1.0);
/// Under letters on a map.
pub const HALO: Ink = Ink([255, 255, 255], 0.85);

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub ink: Ink,
    /// Its width.
    pub width: f64,
    /// Lengths of a dash and of the gap after it; none for a solid line.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A solid line.
    #[must_use]
    pub const fn solid(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: None }
    }
}

/// Where a text lies about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// At its right.
    Start,
    /// About it.
    Middle,
    /// At its left.
    End,
}

/// How a text is written: in the system's sans-serif face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Height of the letters.
    pub size: f64,
    /// 400 for regular, 600 for semi-bold.
    pub weight: u16,
    /// Its colour.
    pub ink: Ink,
    /// Where it lies.
    pub anchor: Anchor,
    /// With a pale rim.
    pub halo: bool,
}

impl Face {
    /// From its place to the right, without a rim.
    #[must_use]
    pub const fn new(size: f64, weight: u16, ink: Ink) -> Self {
        Self { size, weight, ink, anchor: Anchor::Start, halo: false }
    }

    /// Elsewhere about its place.
    #[must_use]
    pub const fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// With a pale rim, for letters on a map.
    #[must_use]
    pub const fn with_halo(self) -> Self {
        Self { halo: true, ..self }
    }
}

/// A row of points, joined by a line.
pub type Path = Vec<(f64, f64)>;

/// What draws.
pub trait Pen {
    /// What follows is cut off at this box, until [`Pen::unclip`].
    fn clip(&mut self, frame: Frame);
    /// As before the last [`Pen::clip`].
    fn unclip(&mut self);
    /// A box in one colour.
    fn fill(&mut self, frame: Frame, ink: Ink);
    /// Lines. Of several strokes the first lies lowest.
    fn lines(&mut self, paths: &[Path], strokes: &[Stroke]);
    /// A disc in one colour.
    fn disc(&mut self, at: (f64, f64), radius: f64, ink: Ink);
    /// A text, on its baseline.
    fn text(&mut self, text: &str, at: (f64, f64), face: Face);
    /// The cells of the map of this number, which the pen was given, as large as the box, without smoothing.
    fn image(&mut self, number: usize, frame: Frame);
}

/// The four sides of a box as a closed path.
#[must_use]
pub fn around(frame: Frame) -> Path {
    let (right, bottom) = (frame.x + frame.width, frame.y + frame.height);
    vec![(frame.x, frame.y), (right, frame.y), (right, bottom), (frame.x, bottom), (frame.x, frame.y)]
}
