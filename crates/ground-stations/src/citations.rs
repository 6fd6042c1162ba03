//! What to cite where a network's data are used. Only what was compared with a source stands here, and the source stands beside it; of any
//! other network the reader is sent to its own page at ismn.earth.
//!
//! Sources: "ISMN list" is `all_citations_mainly_txt_july_07_2025.txt` of ismn.bafg.de, "ismn" is `src/ismn/citations.txt` of the Python package
//! of that name (github.com/TUW-GEO/ismn), "Readme" is the `Readme.txt` that the ISMN puts into its archives (here that of METplus' sample
//! data, dtcenter.ucar.edu), else the publisher's own page.

/// The International Soil Moisture Network itself. ISMN list; hess.copernicus.org/articles/25/5749/2021.
pub const ISMN: &str = "Dorigo, W., et al. (2021): The International Soil Moisture Network: serving Earth system science for over a decade. Hydrology and Earth System Sciences 25, 5749-5804, doi:10.5194/hess-25-5749-2021";
/// QA4SM and pytesmo, whose definitions the scores follow. pypi.org/project/pytesmo.
pub const QA4SM: &str = "Scores follow QA4SM 4.0 (qa4sm.eu) and pytesmo 0.18 (doi:10.5281/zenodo.596422)";
/// What a point says of a cell. onlinelibrary.wiley.com/doi/10.1029/2011RG000372.
pub const SAMPLING: &str = "Crow, W. T., et al. (2012): Upscaling sparse ground-based soil moisture observations for the validation of coarse-resolution satellite soil moisture products. Reviews of Geophysics 50 (2), doi:10.1029/2011RG000372";

/// Networks by their names in the ISMN.
const NETWORKS: [(&str, &str); 10] = [
    // ISMN page ismn.earth/en/networks/?id=AMMA-CATCH; Readme (with the DOI).
    (
        "AMMA-CATCH",
        "Lebel, T., et al. (2009): AMMA-CATCH studies in the Sahelian region of West-Africa: an overview. Journal of Hydrology 375, 3-13, doi:10.1016/j.jhydrol.2009.03.020",
    ),
    // ismn.
    (
        "COSMOS",
        "Zreda, M., et al. (2012): COSMOS: the COsmic-ray Soil Moisture Observing System. Hydrology and Earth System Sciences 16, 4079-4099, doi:10.5194/hess-16-4079-2012",
    ),
    // ISMN page ismn.earth/en/networks/?id=FMI (which names the discussion paper with this DOI); geosci-instrum-method-data-syst.net/5/95/2016.
    (
        "FMI",
        "Ikonen, J., et al. (2016): The Sodankylä in situ soil moisture observation network: an example application of ESA CCI soil moisture product evaluation. Geoscientific Instrumentation, Methods and Data Systems 5, 95-108, doi:10.5194/gi-5-95-2016",
    ),
    // ismn; the paper's first page (volume, pages, DOI).
    (
        "HOBE",
        "Bircher, S., et al. (2012): A soil moisture and temperature network for SMOS validation in Western Denmark. Hydrology and Earth System Sciences 16, 1445-1463, doi:10.5194/hess-16-1445-2012",
    ),
    // ismn.
    (
        "OZNET",
        "Smith, A. B., et al. (2012): The Murrumbidgee soil moisture monitoring network data set. Water Resources Research 48, W07701, doi:10.1029/2012WR011976",
    ),
    // ismn; Readme (with the DOI); ars.usda.gov publication 210447 (volume, pages).
    (
        "SCAN",
        "Schaefer, G. L., Cosh, M. H., Jackson, T. J. (2007): The USDA Natural Resources Conservation Service Soil Climate Analysis Network (SCAN). Journal of Atmospheric and Oceanic Technology 24, 2073-2077, doi:10.1175/2007JTECHA930.1",
    ),
    // ismn; hess.copernicus.org/articles/12/1323/2008.
    (
        "SMOSMANIA",
        "Albergel, C., et al. (2008): From near-surface to root-zone soil moisture using an exponential filter: an assessment of the method based on in-situ observations and model simulations. Hydrology and Earth System Sciences 12, 1323-1337, doi:10.5194/hess-12-1323-2008",
    ),
    // ismn.
    (
        "TERENO",
        "Zacharias, S., et al. (2011): A network of terrestrial environmental observatories in Germany. Vadose Zone Journal 10, 955-973, doi:10.2136/vzj2010.0139",
    ),
    // Readme.
    (
        "TxSON",
        "Caldwell, T. G., et al. (2019): The Texas Soil Observation Network: a comprehensive soil moisture dataset for remote sensing and land surface model validation. Vadose Zone Journal 18, 100034, doi:10.2136/vzj2019.04.0034",
    ),
    // ismn.
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
            || format!("{network}: cite the network as ISMN's own page of it asks (https://ismn.earth/en/networks/)"),
            |(name, paper)| format!("{name}: {paper}"),
        )
    };
    std::iter::once(ISMN.to_owned()).chain(networks.iter().map(of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_network_has_its_paper_and_any_other_the_way_to_it() {
        let all = of_networks(&["scan", "iRON"]);
        assert_eq!(all[0], ISMN);
        assert!(all[1].starts_with("SCAN: Schaefer") && all[1].ends_with("doi:10.1175/2007JTECHA930.1"));
        assert!(all[2].starts_with("iRON: cite the network as ISMN's own page of it asks"), "{}", all[2]);
    }
}
