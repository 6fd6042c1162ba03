//! The page in Spanish and in French: in every state nothing is left in English, nothing overflows, and the language can be chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::axe::Axe;
use e2e::{parts, turn};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);

/// Every text that is shown or read aloud, with where it is.
const TEXTS: &str = "
  const found = [], own = '[translate=no], script, style, noscript';
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.nodeType === 1 ? node : node.parentElement;
    if (element.closest(own) || !element.checkVisibility()) continue;
    const where = element.closest('[id]')?.id + ' ' + element.localName;
    if (node.nodeType === 3) found.push([where, node.data]);
    else for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-valuetext'])
      if (node.hasAttribute(name)) found.push([where + ' ' + name, node.getAttribute(name)]);
  }
  found.push(['title', document.title]);
  return found;
";

/// What reaches past the window, or past the button it is in.
const OVERFLOWS: &str = "
  const found = [], wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth) found.push('the page is ' + (wide.scrollWidth - wide.clientWidth) + ' pixels too wide');
  for (const e of document.querySelectorAll('button, summary, h1, h2, h3, .tabs *, label, dialog[open] *')) {
    if (!e.checkVisibility() || e.closest('table, .tablewrap, .wide, .sr-only, .skips')) continue;
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > innerWidth + 1 || box.left < -1) && !e.closest('.tabs, .stagebar, .wide'))
      found.push(e.localName + ' “' + e.textContent.trim().slice(0, 40) + '” reaches to ' + Math.round(box.right));
    if (e.localName === 'button' && e.scrollWidth > e.clientWidth + 2)
      found.push('button “' + e.textContent.trim().slice(0, 40) + '” is ' + (e.scrollWidth - e.clientWidth) + ' pixels too narrow');
  }
  return found;
";

/// Places whose names are English words.
const NAMES: [&str; 1] = ["South Fork"];

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphabetic() || c == '\''))
        .filter(|word| word.len() > 2 && word.chars().skip(1).all(char::is_lowercase))
        .map(str::to_lowercase)
}

/// Words of the English phrases that the language does not have: where one is seen, something was left in English.
fn english(language: &str) -> BTreeSet<String> {
    let path = xtask::root().join("public/words").join(format!("{language}.json"));
    let words: BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let theirs: BTreeSet<String> = words.values().flat_map(|said| words_of(said)).collect();
    words.keys().flat_map(|phrase| words_of(phrase)).filter(|word| !theirs.contains(word)).collect()
}

/// What is wrong so far.
struct Reader<'a> {
    app: &'a App,
    language: &'static str,
    english: BTreeSet<String>,
    found: BTreeSet<String>,
}

impl Reader<'_> {
    /// Reads the page as it stands, wide and narrow.
    fn read(&mut self, state: &str) {
        let app = self.app;
        for (look, size) in [("wide", (1400, 900)), ("narrow", (390, 844))] {
            app.resize(size, 1, false).unwrap();
            app.settle(120).unwrap();
            app.shoot(&format!("{state}-{look}")).unwrap();
            let texts = app.session.script(TEXTS, &[]).unwrap();
            for pair in texts.as_array().unwrap() {
                let (place, text) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
                let text = NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
                let left: Vec<String> = words_of(&text).filter(|word| self.english.contains(word)).collect();
                if !left.is_empty() {
                    self.found.insert(format!("{state}, {place}: “{}” ({})", text.trim(), left.join(", ")));
                }
            }
            let over = app.session.script(OVERFLOWS, &[]).unwrap();
            let over = over.as_array().unwrap().iter().filter_map(Value::as_str);
            self.found.extend(over.map(|line| format!("{state}, {look}: {line}")));
        }
        app.resize((1400, 900), 1, false).unwrap();
        app.settle(50).unwrap();
    }

    fn script(&self, body: &str) -> Value {
        self.app.session.script(body, &[]).unwrap()
    }

    /// Goes through the page.
    fn walk(&mut self) {
        let app = self.app;
        app.resize((1400, 900), 1, false).unwrap();
        app.wait(PATIENCE, "the language", || {
            let lead =
                app.session.script("return document.querySelector('.lead')?.textContent ?? ''", &[])?;
            Ok((!lead.as_str().unwrap_or_default().contains("Soil")).then_some(()))
        })
        .unwrap();
        assert_eq!(self.script("return document.documentElement.lang"), self.language);
        std::thread::sleep(Duration::from_secs(2));
        self.read("first");
        app.click("#help-open").unwrap();
        app.get("#help[open]").unwrap();
        self.read("help");
        app.click("#help button").unwrap();
        app.click("#about-open").unwrap();
        app.get("#about[open] table").unwrap();
        self.script("document.querySelectorAll('#about details').forEach(d => d.open = true)");
        self.read("about");
        app.click("#about button").unwrap();
        app.click(parts::DEMO).unwrap();
        app.map_drawn(PATIENCE).unwrap();
        let overlay = app.get(parts::ESTIMATE_OVERLAY).unwrap();
        app.session.hover(&overlay, 0.4, 0.4).unwrap();
        app.session.click(&overlay).unwrap();
        self.read("estimate");
        let live = self.script("return document.querySelector('body > [aria-live]').textContent");
        let ready = if self.language == "es" { "Mapa de" } else { "Carte du" };
        assert!(live.as_str().unwrap().starts_with(ready), "what is read aloud: {live}");
        if let Some(axe) = Axe::fetched().unwrap() {
            let lines = axe.violations(app).unwrap();
            self.found.extend(lines.into_iter().map(|line| format!("axe: {line}")));
        }
        let tabs = self.script("return [...document.querySelectorAll('.tabs button[id]')].map(b => b.id)");
        for tab in tabs.as_array().unwrap().iter().filter_map(Value::as_str) {
            app.click_if_there(&format!("#{tab}[aria-expanded=false]")).unwrap();
            // What belongs to a panel may be fetched first.
            app.settle(300).unwrap();
            self.script("document.querySelectorAll('.sidepanel details').forEach(d => d.open = true)");
            self.read(tab.trim_start_matches("open-"));
        }
        app.drop_files(&[("SMAP_L3_SM_P_20180101_R18290_001.h5", b"cut off")]).unwrap();
        app.wait(PATIENCE, "the refusal beside the demo", || {
            Ok((app.session.find_all(parts::FILE_ROW)?.len() == 2).then_some(()))
        })
        .unwrap();
        app.map_drawn(PATIENCE).unwrap();
        app.click_if_there("#open-data[aria-expanded=false]").unwrap();
        app.settle(120).unwrap();
        self.read("refused");
    }

    fn done(self) {
        let found = self.found;
        let list: Vec<String> = found.into_iter().collect();
        assert!(list.is_empty(), "{}: {} findings:\n{}", self.language, list.len(), list.join("\n"));
        let complaints = self.app.complaints().unwrap();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

fn open(name: &str, language: &'static str) -> App {
    App::open(name, Setting { language, ..Setting::smen() }).unwrap()
}

fn every_state_in(language: &'static str) {
    let app = open(&format!("words-{language}"), language);
    let english = english(language);
    assert!(english.len() > 300, "{} words are English alone", english.len());
    let mut reader = Reader { app: &app, language, english, found: BTreeSet::new() };
    reader.walk();
    reader.done();
}

#[test]
fn every_state_is_spanish_for_who_reads_spanish() {
    every_state_in("es");
}

#[test]
fn every_state_is_french_for_who_reads_french() {
    every_state_in("fr");
}

#[test]
fn the_language_is_the_browsers_until_another_is_chosen() {
    let app = open("words-choice", "en");
    let lead = || {
        let text =
            app.session.script("return document.querySelector('.lead')?.textContent ?? ''", &[]).unwrap();
        text.as_str().unwrap().to_owned()
    };
    let until = |word: &str| {
        app.wait(PATIENCE, word, || Ok(lead().contains(word).then_some(()))).unwrap();
    };
    let choose = |code: &str| {
        let script = "const s = document.querySelector('#language'); s.value = arguments[0];
                      s.dispatchEvent(new Event('change', { bubbles: true }))";
        app.session.script(script, &[json!(code)]).unwrap();
    };
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    // What is fetched when it is opened stays in the page.
    app.click("#help-open").unwrap();
    app.get("#help[open]").unwrap();
    app.click("#help button").unwrap();
    app.settle(120).unwrap();
    let before = app.session.script(TEXTS, &[]).unwrap();
    assert!(!app.fetched().iter().any(|path| path.contains("words/")), "English needs no file of words");
    app.click("#help-open").unwrap();
    app.get("#help[open]").unwrap();
    choose("es");
    until("Humedad");
    choose("fr");
    until("Humidité");
    choose("en");
    until("Soil moisture");
    app.click("#help button").unwrap();
    assert_eq!(app.session.script(TEXTS, &[]).unwrap(), before, "English is what it was");
    // It is remembered, and kept for when there is no network.
    app.click("#help-open").unwrap();
    choose("fr");
    until("Humidité");
    app.session.navigate("about:blank").unwrap();
    app.session.navigate(&app.url).unwrap();
    until("Humidité");
    app.go_offline().unwrap();
    app.session.navigate("about:blank").unwrap();
    app.session.navigate(&app.url).unwrap();
    until("Humidité");
    assert_eq!(app.session.script("return document.documentElement.lang", &[]).unwrap(), "fr");
}

/// What the translation costs where texts change most: cursor and play.
#[test]
fn translating_holds_nothing_up() {
    let _alone = turn::alone();
    let app = open("words-cost", "es");
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    let script = "
        const node = document.querySelector('#readout') ?? document.querySelector('output');
        const texts = [...Array(200)].map(() => node.appendChild(document.createTextNode('')));
        const start = performance.now();
        texts.forEach((text, n) => { text.data = `${n} of 365 dates, 2018-01-${n}: 0.${n} ± 0.0${n} m³/m³`; });
        return new Promise(done => queueMicrotask(() => {
          const took = performance.now() - start;
          const said = texts[7].data;
          texts.forEach(text => text.remove());
          done([took, said]);
        }));
    ";
    let answer = app.session.script(script, &[]).unwrap();
    let (took, said) = (answer[0].as_f64().unwrap(), answer[1].as_str().unwrap());
    println!("200 new texts: {took:.1} ms, as {said}");
    assert!(said.starts_with("7 de 365 fechas"), "{said}");
    assert!(took < 50.0, "200 texts took {took} ms");
}
