//! The shipped weights, in the program itself: for a prediction without `--weights`.

use ease_grid::EaseWindow;
use loam_core::network::Network;
use loam_core::stack::Shipped;
use loam_nn::Weights;

macro_rules! file {
    ($key:literal) => {
        ($key, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/public/weights/", $key, ".safetensors")))
    };
}

const FILES: [(&str, &[u8]); 5] =
    [file!("oklahoma-city"), file!("tucson"), file!("geneva"), file!("general"), file!("rcn")];

/// Those that the page would use for this region, with their name.
///
/// # Errors
/// A sentence, for a network of which none are shipped.
pub fn weights(network: Network, window: &EaseWindow) -> Result<(String, Weights), String> {
    let about = network.about();
    if !network.is_shipped() {
        return Err(format!("no weights of the {} come with Loam: name yours with --weights", about.name));
    }
    let shipped = Shipped::of(network, window);
    let (_, bytes) = FILES
        .iter()
        .find(|(key, _)| *key == shipped.key)
        .ok_or_else(|| format!("no weights of {} were built in: name them with --weights", shipped.name))?;
    let weights = Weights::of_any_network(bytes)
        .map_err(|e| format!("the shipped weights of {}: {e}", shipped.name))?;
    Ok((format!("{} (shipped)", shipped.name), weights))
}
