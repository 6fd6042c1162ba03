//! What an ISMN file's name says: `NET_NET_STATION_sm_0.050000_0.050000_SENSOR_YYYYMMDD_YYYYMMDD.stm`.
//!
//! Network, station and sensor may hold underscores, so it is read from the depths outwards, and network and station are left to the
//! folder and the file. Old archives write the variable out (`Soil-Moisture`), leave the sensor out, or give years alone.

/// Variables as old archives write them.
const WRITTEN_OUT: [(&str, &str); 6] = [
    ("soil-moisture", "sm"),
    ("soil-temperature", "ts"),
    ("air-temperature", "ta"),
    ("precipitation", "p"),
    ("snow-depth", "sd"),
    ("snow-water-equivalent", "sweq"),
];

/// The code of a variable: of letters alone, or written out.
fn code(part: &str) -> Option<String> {
    let part = part.to_ascii_lowercase();
    if let Some((_, code)) = WRITTEN_OUT.iter().find(|(words, _)| *words == part) {
        return Some((*code).to_owned());
    }
    let plain = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
    plain.then_some(part)
}

/// Parts of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct FileName {
    /// `sm`, `ts`, `p`, ...
    pub variable: String,
    /// Metres.
    pub depth_from: f64,
    /// Metres.
    pub depth_to: f64,
    /// The sensor, with the underscores and spaces that its name has.
    pub instrument: String,
}

impl FileName {
    /// From the last part of a path. `None` where it is not such a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.rfind('.').map_or(name, |dot| &name[..dot]);
        let parts: Vec<&str> = stem.split('_').collect();
        // A variable, then two depths with a decimal point.
        let depth = |n: usize| {
            let part = parts.get(n)?;
            part.contains('.').then(|| part.parse::<f64>().ok()).flatten()
        };
        let (at, variable) = (1..parts.len()).rev().find_map(|n| {
            let variable = code(parts.get(n - 1)?)?;
            (depth(n).is_some() && depth(n + 1).is_some()).then_some((n, variable))
        })?;
        // 20170810, or 2017.
        let is_date = |part: &&str| matches!(part.len(), 4 | 8) && part.bytes().all(|b| b.is_ascii_digit());
        let end = if parts.len() >= at + 4 && parts[parts.len() - 2..].iter().all(is_date) {
            parts.len() - 2
        } else {
            parts.len()
        };
        Some(Self {
            variable,
            depth_from: depth(at)?,
            depth_to: depth(at + 1)?,
            instrument: parts.get(at + 2..end).unwrap_or_default().join("_"),
        })
    }
}

/// The network as the folder of a file says it, `NETWORK/STATION/file`: only where the file's name begins with the same network, since a folder of another
/// name is the user's own.
pub(super) fn network_folder(path: &str) -> Option<&str> {
    let mut parts = path.rsplit(['/', '\\']);
    let (file, folder) = (parts.next()?, parts.nth(1)?);
    // CSE_NETWORK_STATION_..., with or without the network's own signs.
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (name, network) = (plain(file), plain(folder));
    (!network.is_empty() && !folder.contains('\u{fffd}') && name.contains(&network)).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_depths_outwards() {
        for (name, variable, from, to, instrument) in [
            (
                "A_A_S-1_sm_0.000000_0.190000_Cosmic-ray-Probe_20170810_20180809.stm",
                "sm",
                0.0,
                0.19,
                "Cosmic-ray-Probe",
            ),
            (
                "FR_Aqui_FR_Aqui_parc_sm_x_sm_0.050000_0.050000_ThetaProbe ML2X_20120101_20131231.stm",
                "sm",
                0.05,
                0.05,
                "ThetaProbe ML2X",
            ),
            (
                "N_N_S #1 (b)_ta_-2.000000_-2.000000_Temp_Probe_2_20120101_20131231.stm",
                "ta",
                -2.0,
                -2.0,
                "Temp_Probe_2",
            ),
            ("N_N_S_p_0.000000_0.000000_n.s._20120101_20131231.STM", "p", 0.0, 0.0, "n.s."),
            ("N_N_S_ts_0.050000_0.050000_HP.stm", "ts", 0.05, 0.05, "HP"),
            ("N_N_S_sm_0.05_0.05_Hydra_2000_2001.stm", "sm", 0.05, 0.05, "Hydra"),
            (
                "OZNET_OZNET_Widgiewa_Soil-Temperature_0.150000_0.150000_20010103_20090812.stm",
                "ts",
                0.15,
                0.15,
                "",
            ),
            ("N-1_N-1_S_SM_-0.050000_0.000000_X_20120101_20131231.stm", "sm", -0.05, 0.0, "X"),
        ] {
            let found = FileName::parse(name);
            let expected = FileName {
                variable: variable.to_owned(),
                depth_from: from,
                depth_to: to,
                instrument: instrument.to_owned(),
            };
            assert_eq!(found, Some(expected), "{name}");
        }
        assert_eq!(FileName::parse("notes.stm"), None);
        for (path, network) in [
            ("FR_Aqui/parcmeteo/FR-Aqui_FR-Aqui_parcmeteo_sm_0.05_0.05_X.stm", Some("FR_Aqui")),
            ("a/COSMOS/ARM-1/COSMOS_COSMOS_ARM-1_sm_0.0_0.19_X.stm", Some("COSMOS")),
            ("my stations/ARM-1/COSMOS_COSMOS_ARM-1_sm_0.0_0.19_X.stm", None),
            ("ARM-1/COSMOS_COSMOS_ARM-1_sm_0.0_0.19_X.stm", None),
        ] {
            assert_eq!(network_folder(path), network, "{path}");
        }
        assert_eq!(FileName::parse("N_N_S_sm_5_10_probe.stm"), None);
    }
}
