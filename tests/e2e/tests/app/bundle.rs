//! A bundle saved from one page, opened in another: its choices come back, and the map made again is the same to the bit.

use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::parts;

use super::assert_quiet;

const PATIENCE: Duration = Duration::from_secs(120);

fn hash(app: &App) -> String {
    app.session.script("return location.hash", &[]).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn a_bundle_opens_with_its_choices_and_its_map_is_made_again_to_the_bit() {
    let first = App::open("bundle", Setting::smen()).unwrap();
    first.click(parts::DEMO_TUCSON).unwrap();
    first.map_drawn(PATIENCE).unwrap();
    first.click("#date-back").unwrap();
    first.map_drawn(PATIENCE).unwrap();
    let made = hash(&first);
    first.click("[data-export=bundle]").unwrap();
    let bundle = first.downloaded(".zip").unwrap();
    assert_quiet(&first);

    // A fresh browser, where another demo is open.
    let app = App::open("bundle-again", Setting::default()).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.choose_files(parts::FILE_INPUT, &[bundle]).unwrap();
    let card = app.text_when("#bundle", PATIENCE, |text| text.contains("SIMULATED")).unwrap();
    assert!(card.contains("SMEN") && card.contains("it needs no files"), "{card}");
    app.wait(PATIENCE, "the bundle's region and date", || {
        let now = hash(&app);
        let same = |key: &str| {
            let of =
                |text: &str| text.split(['#', '&']).find(|part| part.starts_with(key)).map(str::to_owned);
            of(&now).is_some() && of(&now) == of(&made)
        };
        Ok((same("region=") && same("date=")).then_some(()))
    })
    .unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#bundle-compare").unwrap();
    let verdict = app.text_when("#bundle-verdict", PATIENCE, |text| text.contains("map")).unwrap();
    assert!(verdict.contains("reproduced to the bit"), "{verdict}");
    assert_eq!(app.scrolls_by().unwrap().1, 0, "the page stays on one screen");
    app.session.script("document.querySelector('#bundle').scrollIntoView()", &[]).unwrap();
    app.shoot("card").unwrap();
    // Another date is not the bundle's; its choices come back by a button.
    app.click("#date-back").unwrap();
    app.map_drawn(PATIENCE).unwrap();
    assert!(app.has("#bundle-compare[disabled]").unwrap());
    app.click("#bundle-adopt").unwrap();
    app.get("#bundle-compare:not([disabled])").unwrap();
    app.click("#bundle-close").unwrap();
    app.wait(PATIENCE, "the card to go", || Ok((!app.has("#bundle")?).then_some(()))).unwrap();
    assert_quiet(&app);
}
