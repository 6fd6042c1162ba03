//! What an ISMN file's name says: `NET_NET_STATION_sm_0.050000_0.050000_SENSOR_YYYYMMDD_YYYYMMDD.stm`.
//!
//! Network, station and sensor may hold underscores, so it is read from the depths outwards, and network and station are left to the
//! folder and the file.

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
        let code = |n: usize| {
            let part = *parts.get(n)?;
            let plain = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
            plain.then_some(part)
        };
        let at = (1..parts.len())
            .rev()
            .find(|n| code(n - 1).is_some() && depth(*n).is_some() && depth(n + 1).is_some())?;
        let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
        let end = if parts.len() >= at + 4 && parts[parts.len() - 2..].iter().all(is_date) {
            parts.len() - 2
        } else {
            parts.len()
        };
        Some(Self {
            variable: code(at - 1)?.to_owned(),
            depth_from: depth(at)?,
            depth_to: depth(at + 1)?,
            instrument: parts.get(at + 2..end).unwrap_or_default().join("_"),
        })
    }
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
        assert_eq!(FileName::parse("N_N_S_sm_5_10_probe.stm"), None);
    }
}
