//! What to cite where a network's data are used, as far as it is known here; the network's own page at ismn.earth has the last word.

/// The International Soil Moisture Network itself.
pub const ISMN: &str = "Dorigo, W., et al. (2021): The International Soil Moisture Network: serving Earth system science for over a decade. Hydrology and Earth System Sciences 25, 5749-5804, doi:10.5194/hess-25-5749-2021";
/// QA4SM and pytesmo, whose definitions the scores follow.
pub const QA4SM: &str = "Scores follow QA4SM 4.0 (qa4sm.eu) and pytesmo 0.18 (doi:10.5281/zenodo.596422)";
/// What a point says of a cell.
pub const SAMPLING: &str = "Crow, W. T., et al. (2012): Upscaling sparse ground-based soil moisture observations for the validation of coarse-resolution satellite soil moisture products. Reviews of Geophysics 50, RG2002, doi:10.1029/2011RG000372";

/// Networks by their names in the ISMN.
const NETWORKS: [(&str, &str); 10] = [
    (
        "AMMA-CATCH",
        "Galle, S., et al. (2018): AMMA-CATCH, a critical zone observatory in West Africa. Vadose Zone Journal 17, doi:10.2136/vzj2018.03.0062",
    ),
    (
        "COSMOS",
        "Zreda, M., et al. (2012): COSMOS: the COsmic-ray Soil Moisture Observing System. Hydrology and Earth System Sciences 16, 4079-4099, doi:10.5194/hess-16-4079-2012",
    ),
    (
        "FMI",
        "Ikonen, J., et al. (2016): The Sodankylä in situ soil moisture observation network. Geoscientific Instrumentation 5, 95-108, doi:10.5194/gi-5-95-2016",
    ),
    (
        "HOBE",
        "Bircher, S., et al. (2012): A soil moisture and temperature network for SMOS validation in Western Denmark. Hydrology and Earth System Sciences 16, 1445-1463, doi:10.5194/hess-16-1445-2012",
    ),
    (
        "OZNET",
        "Smith, A. B., et al. (2012): The Murrumbidgee soil moisture monitoring network data set. Water Resources Research 48, W07701, doi:10.1029/2012WR011976",
    ),
    (
        "SCAN",
        "Schaefer, G. L., Cosh, M. H., Jackson, T. J. (2007): The USDA Natural Resources Conservation Service Soil Climate Analysis Network (SCAN). Journal of Atmospheric and Oceanic Technology 24, 2073-2077, doi:10.1175/2007JTECHA930.1",
    ),
    (
        "SMOSMANIA",
        "Albergel, C., et al. (2008): From near-surface to root-zone soil moisture using an exponential filter. Hydrology and Earth System Sciences 12, 1323-1337, doi:10.5194/hess-12-1323-2008",
    ),
    (
        "TERENO",
        "Zacharias, S., et al. (2011): A network of terrestrial environmental observatories in Germany. Vadose Zone Journal 10, 955-973, doi:10.2136/vzj2010.0139",
    ),
    (
        "TxSON",
        "Caldwell, T. G., et al. (2019): The Texas Soil Observation Network. Vadose Zone Journal 18, 100034, doi:10.2136/vzj2019.04.0034",
    ),
    (
        "USCRN",
        "Bell, J. E., et al. (2013): U.S. Climate Reference Network soil moisture and temperature observations. Journal of Hydrometeorology 14, 977-988, doi:10.1175/JHM-D-12-0146.1",
    ),
];

/// What to cite of these networks: the ISMN first, then each network's paper, or where to find it.
#[must_use]
pub fn of_networks(networks: &[&str]) -> Vec<String> {
    let of = |network: &&str| {
        let found = NETWORKS.iter().find(|(name, _)| name.eq_ignore_ascii_case(network));
        found.map_or_else(
            || format!("{network}: cite it as its page at https://ismn.earth/en/networks/ asks"),
            |(name, paper)| format!("{name}: {paper}"),
        )
    };
    std::iter::once(ISMN.to_owned()).chain(networks.iter().map(of)).collect()
}
