//! A frame with axes, as SVG.

use std::fmt::Write;

/// A frame from data to the picture.
pub(super) struct Plot {
    pub width: f64,
    pub height: f64,
    pub x: (f64, f64),
    pub y: (f64, f64),
}

pub(super) const LEFT: f64 = 46.0;
pub(super) const BOTTOM: f64 = 32.0;
pub(super) const TOP: f64 = 10.0;
const RIGHT: f64 = 10.0;

impl Plot {
    pub(super) fn at_x(&self, x: f64) -> f64 {
        LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (self.width - LEFT - RIGHT)
    }

    pub(super) fn at_y(&self, y: f64) -> f64 {
        self.height - BOTTOM - (y - self.y.0) / (self.y.1 - self.y.0) * (self.height - BOTTOM - TOP)
    }

    /// Opens the picture, with a title for screen readers. No `style`: the page that shows these figures too allows none.
    pub(super) fn open(&self, title: &str) -> String {
        let title = super::escaped(title);
        format!(
            "<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\n",
            self.width, self.height
        )
    }

    /// Axes with ticks: places and their labels.
    pub(super) fn axes(
        &self,
        x: &[(f64, String)],
        y: &[(f64, String)],
        x_name: &str,
        y_name: &str,
    ) -> String {
        let mut svg = String::new();
        let (left, right) = (self.at_x(self.x.0), self.at_x(self.x.1));
        let (bottom, top) = (self.at_y(self.y.0), self.at_y(self.y.1));
        for (place, label) in y {
            let at = self.at_y(*place);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{left:.1}\" y1=\"{at:.1}\" x2=\"{right:.1}\" y2=\"{at:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                left - 4.0,
                at + 3.5
            );
        }
        for (place, label) in x {
            let at = self.at_x(*place);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{bottom:.1}\" x2=\"{at:.1}\" y2=\"{top:.1}\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                bottom + 13.0
            );
        }
        let _ = write!(
            svg,
            "<rect class=\"frame\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{x_name}</text><text transform=\"translate(11 {:.1}) rotate(-90)\" text-anchor=\"middle\">{y_name}</text>",
            right - left,
            bottom - top,
            0.5 * (left + right),
            self.height - 4.0,
            0.5 * (bottom + top)
        );
        svg
    }
}

/// Ticks of a scale: about `wanted` round numbers.
pub(super) fn ticks((low, high): (f64, f64), wanted: f64) -> Vec<(f64, String)> {
    let raw = (high - low) / wanted;
    let power = 10f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= raw).unwrap_or(power);
    let decimals = usize::try_from((-step.log10().floor()).max(0.0) as i64).unwrap_or(0);
    let (first, last) = ((low / step).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|n| n as f64 * step).map(|place| (place, format!("{place:.decimals$}"))).collect()
}
