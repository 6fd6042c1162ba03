//! The scales beside that of soil moisture, as an address has them: `difference:0.1,-0.1;kelvin:270,310`. Each with its first and last value; the
//! first is the higher one where the colours run the other way round.

/// Their names.
pub const NAMES: [&str; 5] = ["difference", "half-width", "backscatter", "kelvin", "kelvin-difference"];

/// First and last value of each; none of one that is as it is at first.
pub type Ends = [Option<(f64, f64)>; NAMES.len()];

/// From an address. What cannot be understood is left out.
#[must_use]
pub fn read(text: &str) -> Ends {
    let mut all = Ends::default();
    for (name, ends) in text.split(';').filter_map(|scale| scale.split_once(':')) {
        let number = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
        let ends = ends.split_once(',').and_then(|(a, b)| number(a).zip(number(b)));
        let place = NAMES.iter().position(|known| *known == name).and_then(|n| all.get_mut(n));
        if let (Some(place), Some(ends)) = (place, ends.filter(|(a, b)| a != b)) {
            *place = Some(ends);
        }
    }
    all
}

/// As an address has them; empty where all are as at first.
#[must_use]
pub fn write(all: &Ends) -> String {
    let text = |(name, ends): (&&str, &Option<(f64, f64)>)| {
        ends.map(|(first, last)| format!("{name}:{first},{last}"))
    };
    NAMES.iter().zip(all).filter_map(text).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_written_as_they_are_read() {
        let text = "difference:0.1,-0.1;kelvin:270,310.5";
        let all = read(text);
        assert_eq!(all, [Some((0.1, -0.1)), None, None, Some((270.0, 310.5)), None]);
        assert_eq!(write(&all), text);
        assert_eq!(read("difference:1,1;kelvin:NaN,3;half-width:0;warmth:1,2;;x"), Ends::default());
        assert_eq!(write(&Ends::default()), "");
    }
}
