//! Which names of towns fit on a map: none over another, over the frame's edge or over what stands there already.

use super::pen::Frame;

/// Pixels that stay free around a name.
const ROOM: f64 = 3.0;
/// Of the dot that stands for the town.
pub const DOT: f64 = 2.2;
/// Square pixels of a map for each name: more would hide it.
const PIXELS_A_NAME: f64 = 12_000.0;

/// A name beside its town.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label<'a> {
    /// The town.
    pub dot: (f64, f64),
    /// Where the name begins, on its baseline.
    pub text: (f64, f64),
    /// The name.
    pub name: &'a str,
}

/// About how wide a text is in a sans-serif face of this size. Too much rather than too little: no two canvases measure alike.
#[must_use]
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c.is_uppercase() || c == 'm' || c == 'w' { 0.74 } else { 0.56 }).sum::<f64>()
        * size
}

/// The names that fit, of towns in pixels with the most important first: at the right of the dot, else at its left. A town whose name does not
/// fit has no dot either. `taken`: what stands on the map already.
#[must_use]
pub fn thinned<'a>(
    towns: impl IntoIterator<Item = (f64, f64, &'a str)>,
    frame: Frame,
    size: f64,
    taken: &[Frame],
) -> Vec<Label<'a>> {
    let most = (frame.width * frame.height / PIXELS_A_NAME).ceil() as usize;
    let mut taken = taken.to_vec();
    let mut labels = Vec::new();
    for (x, y, name) in towns {
        if labels.len() >= most {
            break;
        }
        let (wide, gap) = (width(name, size), DOT + 2.5);
        for left in [x + gap, x - gap - wide] {
            let words = Frame { x: left, y: y - 0.5 * size, width: wide, height: size };
            let dot = Frame { x: x - DOT, y: y - DOT, width: 2.0 * DOT, height: 2.0 * DOT };
            let all = words.joined(dot).grown(ROOM);
            if frame.holds(all) && !taken.iter().any(|other| other.meets(all)) {
                taken.push(all);
                labels.push(Label { dot: (x, y), text: (left, y + 0.35 * size), name });
                break;
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { x: 10.0, y: 20.0, width: 400.0, height: 300.0 };

    fn names<'a>(labels: &[Label<'a>]) -> Vec<&'a str> {
        labels.iter().map(|l| l.name).collect()
    }

    #[test]
    fn the_more_important_town_keeps_its_name() {
        let towns = [(200.0, 150.0, "Oklahoma City"), (203.0, 156.0, "Norman"), (200.0, 250.0, "Ardmore")];
        assert_eq!(names(&thinned(towns, FRAME, 11.0, &[])), ["Oklahoma City", "Ardmore"]);
        // Alone it would have been written.
        assert_eq!(names(&thinned([towns[1]], FRAME, 11.0, &[])), ["Norman"]);
    }

    #[test]
    fn a_name_stays_inside_and_off_what_is_taken() {
        let at_the_edge = thinned([(400.0, 150.0, "Tucson")], FRAME, 11.0, &[]);
        assert!(at_the_edge[0].text.0 < 400.0, "at the left of its dot: {at_the_edge:?}");
        let stamp = Frame { x: 300.0, y: 20.0, width: 110.0, height: 24.0 };
        assert_eq!(thinned([(350.0, 30.0, "Tucson")], FRAME, 11.0, &[stamp]), []);
        assert_eq!(thinned([(5.0, 150.0, "Tucson"), (200.0, 319.0, "Ajo")], FRAME, 11.0, &[]), []);
    }

    #[test]
    fn no_two_names_of_many_meet_and_few_are_written() {
        let town = |n: usize| ((n * 37 % 400) as f64 + 10.0, (n * 91 % 300) as f64 + 20.0, "San Something");
        let labels = thinned((0..2_000).map(town), FRAME, 11.0, &[]);
        assert_eq!(labels.len(), 10, "one for 12,000 square pixels");
        let boxed = |l: &Label| Frame {
            x: l.text.0,
            y: l.text.1 - 0.85 * 11.0,
            width: width(l.name, 11.0),
            height: 11.0,
        };
        for (n, one) in labels.iter().enumerate() {
            assert!(labels.iter().skip(n + 1).all(|other| !boxed(one).meets(boxed(other))));
        }
    }
}
