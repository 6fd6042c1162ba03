//! Which of the shipped weights a region gets, in the page and on the command line.

use super::{PRESETS, Preset};
use crate::network::{Network, ShippedWeights};
use crate::weights_report::Prospect;
use crate::weights_report::WeightsReport;
use ease_grid::EaseWindow;

/// Key of the weights for every place without weights of its own.
pub const GENERAL: &str = "general";

/// Shipped weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Their file's name without its ending: the key of a preset, or [`GENERAL`].
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// What a user should know of weights for every place.
    everywhere: Option<&'static str>,
}

impl Shipped {
    const GENERAL: Self = Self { key: GENERAL, name: "General", everywhere: None };

    fn preset(preset: &Preset) -> Self {
        Self { key: preset.key, name: preset.name, everywhere: None }
    }

    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        Network::ALL.into_iter().flat_map(|network| match network.about().shipped {
            ShippedWeights::None => Vec::new(),
            ShippedWeights::One { key, name, note } => vec![Self { key, name, everywhere: Some(note) }],
            ShippedWeights::ByPreset => PRESETS.iter().map(Self::preset).chain([Self::GENERAL]).collect(),
        })
    }

    /// Those of a network for a window. Where a network has some for each preset region, the one that holds the window's middle decides,
    /// whatever the window's size, and general ones serve where none does.
    #[must_use]
    pub fn of(network: Network, window: &EaseWindow) -> Self {
        if let ShippedWeights::One { key, name, note } = network.about().shipped {
            return Self { key, name, everywhere: Some(note) };
        }
        let middle = (window.first_column + window.columns / 2, window.first_row + window.rows / 2);
        let holds = |region: EaseWindow| {
            region.resolution == window.resolution
                && (region.first_column..region.first_column + region.columns).contains(&middle.0)
                && (region.first_row..region.first_row + region.rows).contains(&middle.1)
        };
        let preset =
            PRESETS.into_iter().find(|preset| preset.region().is_ok_and(|region| holds(region.window())));
        preset.as_ref().map_or(Self::GENERAL, Self::preset)
    }

    /// The weights of a prediction of this window, where these are in use: the user's own, trained ones and those of the TB CNN stay, shipped
    /// ones follow the region.
    #[must_use]
    pub fn prospect(in_use: &WeightsReport, window: &EaseWindow) -> Prospect {
        let shipped = Self::of(in_use.network, window);
        let stays = in_use.closed_form.is_some()
            || !in_use.network.is_shipped()
            || in_use.shipped.as_ref().is_none_or(|key| key == shipped.key);
        if stays && !(in_use.closed_form.is_none() && in_use.network.is_shipped() && in_use.hash.is_empty()) {
            Prospect::InUse(in_use.clone())
        } else {
            Prospect::Shipped { key: shipped.key.to_owned(), name: shipped.name.to_owned() }
        }
    }

    /// What a user should know of them where the region is none of the presets; `region` is the key of the preset that was chosen, if one was.
    #[must_use]
    pub fn note(self, region: Option<&str>) -> Option<String> {
        if region == Some(self.key) {
            return None;
        }
        if let Some(note) = self.everywhere {
            return region.is_none().then(|| note.to_owned());
        }
        Some(if self.key == GENERAL {
            "This region has no weights of its own: the general ones are used, trained on simulated scenes of other places.".to_owned()
        } else {
            format!(
                "The weights of {} are used, whose region holds the middle of this one; they were trained on simulated scenes.",
                self.name
            )
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::stack::Region;

    #[test]
    fn shipped_weights_follow_the_region_and_all_others_stay() {
        let [city, tucson] = ["oklahoma-city", "tucson"]
            .map(|key| crate::stack::Preset::find(key).unwrap().region().unwrap().window());
        let will_load = Prospect::Shipped { key: "tucson".into(), name: "Tucson".into() };
        assert_eq!(Shipped::prospect(&WeightsReport::default(), &tucson), will_load);
        let own = WeightsReport { name: "mine".into(), hash: "ab".into(), ..WeightsReport::default() };
        let shipped = WeightsReport { shipped: Some("oklahoma-city".into()), ..own.clone() };
        assert_eq!(Shipped::prospect(&shipped, &city), Prospect::InUse(shipped.clone()));
        assert_eq!(Shipped::prospect(&shipped, &tucson), will_load);
        assert_eq!(Shipped::prospect(&own, &tucson), Prospect::InUse(own.clone()));
        // The TB CNN without weights: none are shipped.
        let tb = WeightsReport {
            network: crate::network::Network::Tb(crate::network::TbCase::SoilMoisture),
            ..WeightsReport::default()
        };
        assert_eq!(Shipped::prospect(&tb, &tucson), Prospect::InUse(tb.clone()));
    }

    #[test]
    fn a_preset_and_what_lies_in_it_get_its_weights_and_the_rest_the_general_ones() {
        for preset in PRESETS {
            let shipped = Shipped::of(Network::Smen, &preset.region().unwrap().window());
            assert_eq!((shipped.key, shipped.note(Some(preset.key))), (preset.key, None));
            let inside = Region::around(preset.longitude + 0.5, preset.latitude, 20, 20).unwrap().window();
            assert_eq!(Shipped::of(Network::Smen, &inside).key, preset.key);
            assert!(
                Shipped::of(Network::Smen, &inside)
                    .note(None)
                    .is_some_and(|note| note.contains(preset.name) && note.contains("simulated"))
            );
        }
        // Beside Tucson's region by more than its half, and on another continent.
        for (longitude, latitude) in [(-107.0, 32.2), (20.0, -20.0)] {
            let shipped =
                Shipped::of(Network::Smen, &Region::around(longitude, latitude, 100, 100).unwrap().window());
            assert_eq!(shipped.key, GENERAL);
            assert!(
                shipped.note(None).is_some_and(|note| note.contains("general") && note.contains("simulated"))
            );
        }
    }
}
