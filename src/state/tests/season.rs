//! Every date of a period: asked for, cancelled, resumed, lost, and what is shown of it.

use ease_grid::EaseWindow;
use jiff::civil::{Date, date};

use super::{FIRST, LAST, Page, SECOND, shipped};
use crate::protocol::{
    self, Attachment, Envelope, ExportForm, Request, SEASON_KEY, SeasonDayReport, SeasonReport,
};
use crate::state::season::{KEPT_BYTES, Queue};
use crate::state::{Attach, Event};
use loam_core::layer::LayerKind;
use loam_core::season::sidecar;

fn days() -> [Date; 3] {
    [FIRST, SECOND, LAST]
}

fn report(page: &Page, date: Date, done: u64) -> SeasonDayReport {
    SeasonDayReport {
        date,
        done,
        total: 3,
        window: page.state.settings.window,
        values: Some(0),
        flags: Some(1),
        half_width: Some(2),
        frame: ease_grid::Edges::default(),
        left_out: None,
        files: vec![format!("{date}.h5")],
        weights: Some(shipped()),
        simulated: true,
        seconds_left: 3.0 - done as f64,
    }
}

impl Page {
    /// The user asks for every date; the number of the request.
    fn ask_season(&mut self) -> u64 {
        self.tell(Event::Season);
        self.find(|r| matches!(r, Request::Season { .. })).unwrap()
    }

    fn answer_with(&mut self, id: u64, body: protocol::Event, attachments: Vec<Attachment>) {
        self.tell(Event::Answered(Box::new(Envelope { id, body }), attachments));
    }

    /// The worker made a date, all cells of one value.
    fn made(&mut self, id: u64, date: Date, done: u64, value: f32) {
        let report = report(self, date, done);
        let cells = report.window.len();
        let planes = vec![
            Attachment::F32(vec![value; cells]),
            Attachment::U8(vec![0; 2 * cells]),
            Attachment::F32(vec![0.04; cells]),
        ];
        self.answer_with(id, protocol::Event::SeasonDay(protocol::Packed::of(&report).unwrap()), planes);
    }

    /// The worker made all, and what they say.
    fn whole(&mut self, id: u64) {
        let window = self.state.settings.window;
        let report = SeasonReport {
            method: shipped().method(),
            window,
            dates: days().to_vec(),
            unit: "m3/m3".into(),
            mean: 0,
            trend: 1,
            trend_error: 2,
            drydown: 3,
            count: 4,
            events: 5,
            simulated: true,
            workers: 1,
            milliseconds: 500.0,
        };
        let planes = (0..6).map(|n| Attachment::F32(vec![n as f32; window.len()])).collect();
        self.answer_with(id, protocol::Event::Season(protocol::Packed::of(&report).unwrap()), planes);
        self.answer(id, protocol::Event::Finished);
    }

    fn done(&mut self) -> u64 {
        let id = self.ask_season();
        for (n, day) in days().into_iter().enumerate() {
            self.made(id, day, n as u64 + 1, 0.1 + n as f32 / 10.0);
        }
        self.whole(id);
        id
    }

    fn kept(&self) -> Vec<Date> {
        self.state.season.days.iter().map(|kept| kept.day.date).collect()
    }

    /// The dates that went out with the newest request for a season.
    fn sent_along(&self) -> Vec<Date> {
        let found = self.sent.iter().rev().find(|(_, body, _)| matches!(body, Request::Season { .. }));
        match &found.unwrap().2 {
            Attach::Bytes(bytes) => {
                let (days, used) =
                    sidecar::read(bytes, SEASON_KEY, self.state.settings.window.len()).unwrap();
                assert_eq!(used, bytes.len());
                days.iter().map(|day| day.date).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[test]
fn a_season_says_how_far_it_is_and_its_layers_join_the_map() {
    let mut page = Page::with_map();
    page.tell(Event::SeasonPeriod(Some(date(2018, 6, 1)), None));
    let id = page.ask_season();
    let asked = page.sent.iter().find(|(n, ..)| *n == id).unwrap();
    assert!(
        matches!(asked.1, Request::Season { from: Some(from), to: None, .. } if from == date(2018, 6, 1))
    );
    assert_eq!(asked.2, Attach::Nothing);
    page.answer(id, protocol::Event::Progress { done: 0, total: 3, what: "predicting 2018-06-10".into() });
    assert!(
        matches!(&page.state.season.queue, Queue::Running { job, seconds_left: None, .. } if job.total == 3)
    );
    page.made(id, days()[0], 1, 0.2);
    let Queue::Running { job, seconds_left, cancelling } = &page.state.season.queue else {
        panic!("running")
    };
    assert_eq!((job.done, job.total, *seconds_left, *cancelling), (1, 3, Some(2.0), false));
    // A date that cannot be made leaves the others, and says why.
    let mut left_out = report(&page, days()[1], 2);
    (left_out.values, left_out.flags, left_out.half_width) = (None, None, None);
    left_out.left_out = Some("no earlier 3 km map".into());
    page.answer(id, protocol::Event::SeasonDay(protocol::Packed::of(&left_out).unwrap()));
    page.made(id, days()[2], 3, 0.3);
    page.whole(id);
    let season = &page.state.season;
    assert_eq!((&season.queue, season.made, season.days.len()), (&Queue::Done, 2, 2));
    assert_eq!(season.left_out, [(days()[1], "no earlier 3 km map".to_owned())]);
    assert!(page.state.announcement.contains("1 dates without one"), "{}", *page.state.announcement);
    assert_eq!(season.days[1].day.files, ["2018-06-09.h5"]);
    let map = page.state.map.clone().unwrap();
    let trend = map.layer(LayerKind::SeasonTrend).unwrap();
    assert_eq!((trend.values[0], trend.statistics.mean), (1.0, Some(1.0)));
    // Other files: the season is marked, and its layers are on no map of theirs.
    page.tell(Event::Open(vec![(7, "more.h5".into(), 10)]));
    assert!(page.state.season.days.is_empty(), "own files put the demo and its season aside");
    let mut page = Page::with_map();
    page.done();
    page.tell(Event::Correct(0, Box::default()));
    assert_eq!(page.state.season_changes().len(), 1, "the files");
    assert_eq!(page.kept().len(), 3, "what was made can still be saved");
    page.ask_season();
    assert!(page.sent_along().is_empty() && page.kept().is_empty(), "of other files nothing is kept");
}

#[test]
fn a_cancelled_season_resumes_with_the_dates_that_are_missing() {
    let mut page = Page::with_map();
    // Cancelled before anything came of it.
    let id = page.ask_season();
    page.tell(Event::CancelSeason);
    assert!(page.find(|r| matches!(r, Request::Cancel { id: of } if *of == id)).is_some());
    assert!(matches!(page.state.season.queue, Queue::Running { cancelling: true, .. }));
    page.answer(id, protocol::Event::Cancelled);
    assert_eq!(page.state.season.queue, Queue::Stopped { lost: false });
    // Cancelled in the middle; a date that was on its way counts.
    let id = page.ask_season();
    page.made(id, days()[2], 1, 0.3);
    page.tell(Event::CancelSeason);
    page.made(id, days()[0], 2, 0.1);
    page.answer(id, protocol::Event::Cancelled);
    assert_eq!(page.kept(), [days()[0], days()[2]], "in the order of time, whatever that of the answers");
    // Late answers of what is over do not count; a cancel of nothing does nothing.
    page.made(id, days()[1], 3, 0.9);
    page.tell(Event::CancelSeason);
    assert_eq!(page.kept().len(), 2);
    let id = page.ask_season();
    assert_eq!(page.sent_along(), [days()[0], days()[2]]);
    assert_eq!(page.state.season.made, 2);
    page.made(id, days()[1], 2, 0.2);
    // The last date comes again.
    page.made(id, days()[2], 3, 0.3);
    assert_eq!((page.state.season.made, page.kept()), (3, days().to_vec()));
    page.whole(id);
    // A shorter period keeps its own dates; other rules or another method none.
    page.tell(Event::SeasonPeriod(None, Some(days()[1])));
    page.ask_season();
    assert_eq!(page.sent_along(), days()[..2]);
    let mut settings = page.state.settings.clone();
    settings.history_cover = 0.5;
    page.tell(Event::Settings(Box::new(settings)));
    page.ask_season();
    assert!(page.sent_along().is_empty());
}

#[test]
fn a_worker_lost_in_the_middle_leaves_its_dates_and_a_resume() {
    let mut page = Page::with_map();
    let id = page.ask_season();
    page.made(id, days()[0], 1, 0.1);
    page.tell(Event::WorkerLost("out of memory".into()));
    assert_eq!(page.state.season.queue, Queue::Stopped { lost: true });
    assert!(page.notices().contains("Press Resume under Season"), "{}", page.notices());
    page.made(id, days()[1], 2, 0.2);
    assert_eq!(page.kept(), [days()[0]], "the lost worker's answers do not count");
    page.ask_season();
    assert_eq!(page.sent_along(), [days()[0]]);
    // The cube goes out with its dates; after another loss the season is to be resumed first.
    let mut page = Page::with_map();
    page.done();
    page.tell(Event::Export(ExportForm::SeasonCube));
    let (_, _, attach) = page.sent.iter().find(|(_, r, _)| matches!(r, Request::Export { .. })).unwrap();
    assert!(
        matches!(attach, Attach::Bytes(bytes) if sidecar::read(bytes, SEASON_KEY, page.state.settings.window.len()).unwrap().0.len() == 3)
    );
    page.tell(Event::WorkerLost("gone".into()));
    assert_eq!((&page.state.season.queue, page.kept().len()), (&Queue::Stopped { lost: true }, 3));
}

#[test]
fn a_season_that_fails_says_why_and_one_too_large_keeps_no_maps() {
    let mut page = Page::with_map();
    let id = page.ask_season();
    page.answer(
        id,
        protocol::Event::Failed(protocol::Failure::new("no date of this period", "Choose another")),
    );
    assert_eq!(page.state.season.queue, Queue::Stopped { lost: false });
    assert!(page.notices().contains("no date of this period"));
    let id = page.ask_season();
    let mut large = report(&page, days()[0], 1);
    let cells = large.window.len();
    large.total = (KEPT_BYTES / (10 * cells)) as u64 + 1;
    let planes = vec![
        Attachment::F32(vec![0.1; cells]),
        Attachment::U8(vec![0; 2 * cells]),
        Attachment::F32(vec![0.1; cells]),
    ];
    page.answer_with(id, protocol::Event::SeasonDay(protocol::Packed::of(&large).unwrap()), planes);
    assert!(page.state.season.too_large && page.kept().is_empty());
    // Planes of another size are no map.
    let short = report(&page, days()[1], 2);
    let planes =
        vec![Attachment::F32(vec![0.1; 3]), Attachment::U8(vec![0; 6]), Attachment::F32(vec![0.1; 3])];
    page.answer_with(id, protocol::Event::SeasonDay(protocol::Packed::of(&short).unwrap()), planes);
    assert!(page.state.season.left_out[0].1.contains("did not arrive whole"));
    page.whole(id);
    assert_eq!((&page.state.season.queue, page.state.season.layers.len()), (&Queue::Done, 5));
}

#[test]
fn playing_shows_the_season_and_its_end_the_whole_map() {
    let mut page = Page::with_map();
    page.done();
    page.tell(Event::Date(page.state.timeline.days[0].date));
    page.run_timers();
    let id = page.predicting().unwrap();
    page.answer_map(id);
    page.run_timers();
    let before = page.predictions();
    let dates: Vec<Date> =
        page.state.timeline.days.iter().filter(|d| d.blocked.is_none()).map(|d| d.date).collect();
    let own: Vec<Date> = days().into_iter().filter(|day| dates[1..].contains(day)).collect();
    page.tell(Event::Play(true));
    for _ in 0..12 {
        page.run_timers();
    }
    assert!(!*page.state.playing, "the last date ends it");
    assert_eq!(page.shown(), dates.last().copied());
    assert!(!own.is_empty(), "{dates:?}");
    // Only the last one is predicted, after playing.
    assert_eq!(page.predictions(), before + 1);
    assert!(page.state.season.shown);
    let map = page.state.map.clone().unwrap();
    assert!(
        map.layer(LayerKind::Estimate).is_some()
            && map.half_width(map.layer(LayerKind::Estimate).unwrap(), 0) == Some(0.04)
    );
    page.tell(Event::Export(ExportForm::GeoTiff));
    assert!(page.notices().contains("comes from the season"), "no file of an earlier date in its place");
    let id = page.predicting().unwrap();
    page.answer_map(id);
    assert!(!page.state.season.shown);
}

#[test]
fn cells_of_a_region_lie_in_maps_of_larger_cells() {
    let mut page = Page::with_map();
    page.done();
    let window = page.state.settings.window;
    assert_eq!(page.state.season.index(&window, 3, 2), Some(2 * window.columns + 3));
    let elsewhere = EaseWindow { first_column: window.first_column - 1, ..window };
    assert_eq!(page.state.season.index(&elsewhere, 0, 0), None);
    assert_eq!(page.state.season.index(&elsewhere, 1, 0), Some(0));
}
