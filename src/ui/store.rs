//! The state as the page sees it: what a component reads is a [`Slice`], what it wants is an [`Event`].
//!
//! The state lives once, behind a lock. Each field of it that is shown has a trigger; after an event the triggers of the fields that changed are
//! pulled, and no others, so that a step of a training run draws its own line and not the maps. leptos's own signals compile their arena, locks
//! and guards anew for every type they hold, some 5 kB of the page for each of two dozen types; here that is one type, leptos's `ArcTrigger`.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use ground_stations::matching::Rules;
use jiff::civil::Date;
use leptos::prelude::*;
use leptos::reactive::signal::ArcTrigger;
use leptos::reactive::traits::{Notify, Track};

use super::curtain::Curtain;
use super::outside::{Outside, Post};
use super::page_signal::PageSignal;
use super::sides::{Side, sides};
use super::stage::Stage;
use crate::protocol::{ExportForm, StationList, Timeline};
use crate::state::cursor::{Cell, View};
use crate::state::desk::Desk;
use crate::state::logger_form::Forms;
use crate::state::position::Position;
use crate::state::season::Season;
use crate::state::{
    Chosen, Event, Field, FileRow, Job, Look, MapData, Notice, Preview, Ranked, RecalledRun, Reopened, Run,
    State, Step, Validated,
};
use loam_core::device_report::{DevicePreference, DeviceReport};
use loam_core::file::{Correction, FileId};
use loam_core::map::{Basemap, Scale};
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::training::{CheckpointReport, EpochReport, RunReport, TrainPlan, TrainSettings};
use loam_core::weights_report::{Prospect, WeightsReport};

use crate::protocol::{StepReport, TrainEstimate, TrainStarted};
use crate::state::rectangle::Rectangle;

/// The state, who listens to which of its fields, and what happened but was not looked at yet.
struct Store {
    state: RwLock<State>,
    triggers: Vec<ArcTrigger>,
    happened: RwLock<Happened>,
}

#[derive(Default)]
struct Happened {
    events: VecDeque<Event>,
    /// Somebody is at it.
    busy: bool,
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// A field of the state. `Copy`: a handle.
pub struct Slice<T: 'static> {
    store: &'static Store,
    at: fn(&State) -> &Field<T>,
    bit: u8,
}

impl<T> Clone for Slice<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slice<T> {}

impl<T> Slice<T> {
    fn new(store: &'static Store, at: fn(&State) -> &Field<T>) -> Self {
        let bit = at(&read(&store.state)).bit().trailing_zeros() as u8;
        Self { store, at, bit }
    }

    /// Whatever computes now is computed again when the field changes.
    pub fn track(self) {
        if let Some(trigger) = self.store.triggers.get(usize::from(self.bit)) {
            trigger.track();
        }
    }

    /// Looks at the value, and listens to it.
    pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(look)
    }

    /// Looks at the value. Nothing may be told meanwhile.
    pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
        look((self.at)(&read(&self.store.state)))
    }
}

impl<T: Clone> Slice<T> {
    /// The value, listened to.
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// The value.
    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

/// Training, as far as it is shown.
#[derive(Clone, Copy)]
pub struct Training {
    pub settings: Slice<TrainSettings>,
    pub typed: Slice<Vec<(&'static str, String)>>,
    pub replaced: Slice<u32>,
    pub plan: Slice<Option<TrainPlan>>,
    pub plan_problem: Slice<Option<String>>,
    pub estimate: Slice<Option<TrainEstimate>>,
    pub estimating: Slice<Option<Job>>,
    pub run: Slice<Run>,
    pub started: Slice<Option<TrainStarted>>,
    pub losses: Slice<Vec<f64>>,
    pub epochs: Slice<Vec<EpochReport>>,
    pub step: Slice<Option<StepReport>>,
    pub tick: Slice<u32>,
    pub checkpoint: Slice<Option<CheckpointReport>>,
    pub preview: Slice<Option<Arc<Preview>>>,
    pub runs: Slice<Vec<RunReport>>,
    pub unsaved: Slice<Option<String>>,
    pub recalled: Slice<Option<RecalledRun>>,
}

/// Stations in the ground.
#[derive(Clone, Copy)]
pub struct Ground {
    pub stations: Slice<Option<Arc<StationList>>>,
    pub job: Slice<Option<Job>>,
    pub validated: Slice<Option<Arc<Validated>>>,
    pub chosen: Slice<Option<(usize, String)>>,
    pub rules: Slice<Rules>,
    pub period: Slice<(Option<Date>, Option<Date>)>,
    pub methods: Slice<Vec<Option<Method>>>,
}

/// All of the page: the state, what is only looked at, and the way to say what happened. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct App {
    store: &'static Store,
    outside: Outside,
    pub files: Slice<Vec<FileRow>>,
    pub desk: Slice<Desk<FileRow>>,
    pub data: Slice<u64>,
    pub timeline: Slice<Timeline>,
    pub pending: Slice<Option<&'static str>>,
    pub date: Slice<Option<Date>>,
    pub settings: Slice<RegionSettings>,
    pub map: Slice<Option<Arc<MapData>>>,
    pub made: Slice<Vec<Arc<MapData>>>,
    pub ranking: Slice<Option<Arc<Ranked>>>,
    pub choice: Slice<Chosen>,
    pub device: Slice<Option<DeviceReport>>,
    pub stopped: Slice<bool>,
    pub preference: Slice<DevicePreference>,
    pub weights: Slice<WeightsReport>,
    pub reading: Slice<Option<Job>>,
    pub predicting: Slice<Option<Job>>,
    pub exporting: Slice<bool>,
    pub notices: Slice<Vec<Notice>>,
    pub announcement: Slice<String>,
    pub follow: Slice<bool>,
    pub playing: Slice<bool>,
    pub undo: Slice<Vec<Step>>,
    pub season: Slice<Season>,
    /// A bundle that is opened again.
    pub bundle: Slice<Option<Reopened>>,
    pub look: Slice<Option<Look>>,
    pub train: Training,
    pub ground: Ground,

    /// The cell under the pointer or the keyboard's cursor.
    pub cursor: PageSignal<Option<Cell>>,
    /// Cells that stay marked, the newest last.
    pub pins: PageSignal<Vec<Cell>>,
    /// The part of the region in view.
    pub view: PageSignal<View>,
    /// Whether a pointer on a map draws a region.
    pub drawing: PageSignal<bool>,
    /// Whether the device is asked where the user is.
    pub locating: PageSignal<bool>,
    /// Where, as the device says.
    pub position: PageSignal<Option<Position>>,
    /// What is drawn so far.
    pub rectangle: PageSignal<Option<Rectangle>>,
    pub moisture: PageSignal<Scale>,
    pub difference: PageSignal<Scale>,
    pub half_width: PageSignal<Scale>,
    pub backscatter: PageSignal<Scale>,
    pub kelvin: PageSignal<Scale>,
    pub kelvin_difference: PageSignal<Scale>,
    pub trend: PageSignal<Scale>,
    pub trend_error: PageSignal<Scale>,
    pub drydown: PageSignal<Scale>,
    pub map_count: PageSignal<Scale>,
    /// Of a layer that is looked at by itself.
    pub look_scale: PageSignal<Scale>,
    /// Those that differ from what they are at first, as the address has them.
    pub scales: PageSignal<String>,
    /// Layers on the stage, in order; `None` for those that are shown at first.
    pub stage: PageSignal<Option<Stage>>,
    /// Two layers under one curtain.
    pub swipe: PageSignal<bool>,
    /// Which.
    pub curtain: PageSignal<Curtain>,
    /// How far it is drawn from the left, per cent.
    pub curtain_at: PageSignal<f64>,
    /// The sides of the frame.
    pub left: PageSignal<Side>,
    pub right: PageSignal<Side>,
    /// Whether "About the model" is open.
    pub about: PageSignal<bool>,
    /// Whether the help is.
    pub help: PageSignal<bool>,
    /// Coastlines, and rivers, lakes and towns.
    pub basemap: PageSignal<Option<Arc<Basemap>>>,
    /// Whether rivers, lakes and towns are drawn.
    pub places: PageSignal<bool>,
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// A page without a worker. Lives as long as the program.
    pub fn new() -> Self {
        let store: &'static Store = Box::leak(Box::new(Store {
            state: RwLock::new(State::default()),
            triggers: (0..64).map(|_| ArcTrigger::new()).collect(),
            happened: RwLock::default(),
        }));
        let (left, right) = sides();
        Self {
            store,
            outside: Outside::new(),
            files: Slice::new(store, |s| &s.files),
            desk: Slice::new(store, |s| &s.desk),
            data: Slice::new(store, |s| &s.data),
            timeline: Slice::new(store, |s| &s.timeline),
            pending: Slice::new(store, |s| &s.pending),
            date: Slice::new(store, |s| &s.date),
            settings: Slice::new(store, |s| &s.settings),
            map: Slice::new(store, |s| &s.map),
            made: Slice::new(store, |s| &s.made),
            ranking: Slice::new(store, |s| &s.ranking),
            choice: Slice::new(store, |s| &s.choice),
            device: Slice::new(store, |s| &s.device),
            stopped: Slice::new(store, |s| &s.stopped),
            preference: Slice::new(store, |s| &s.preference),
            weights: Slice::new(store, |s| &s.weights),
            reading: Slice::new(store, |s| &s.reading),
            predicting: Slice::new(store, |s| &s.predicting),
            exporting: Slice::new(store, |s| &s.exporting),
            notices: Slice::new(store, |s| &s.notices),
            announcement: Slice::new(store, |s| &s.announcement),
            follow: Slice::new(store, |s| &s.follow),
            playing: Slice::new(store, |s| &s.playing),
            undo: Slice::new(store, |s| &s.undo),
            season: Slice::new(store, |s| &s.season),
            bundle: Slice::new(store, |s| &s.bundle),
            look: Slice::new(store, |s| &s.look),
            train: Training {
                settings: Slice::new(store, |s| &s.train.settings),
                typed: Slice::new(store, |s| &s.train.typed),
                replaced: Slice::new(store, |s| &s.train.replaced),
                plan: Slice::new(store, |s| &s.train.plan),
                plan_problem: Slice::new(store, |s| &s.train.plan_problem),
                estimate: Slice::new(store, |s| &s.train.estimate),
                estimating: Slice::new(store, |s| &s.train.estimating),
                run: Slice::new(store, |s| &s.train.run),
                started: Slice::new(store, |s| &s.train.started),
                losses: Slice::new(store, |s| &s.train.losses),
                epochs: Slice::new(store, |s| &s.train.epochs),
                step: Slice::new(store, |s| &s.train.step),
                tick: Slice::new(store, |s| &s.train.tick),
                checkpoint: Slice::new(store, |s| &s.train.checkpoint),
                preview: Slice::new(store, |s| &s.train.preview),
                runs: Slice::new(store, |s| &s.train.runs),
                unsaved: Slice::new(store, |s| &s.train.unsaved),
                recalled: Slice::new(store, |s| &s.train.recalled),
            },
            ground: Ground {
                stations: Slice::new(store, |s| &s.ground.stations),
                job: Slice::new(store, |s| &s.ground.job),
                validated: Slice::new(store, |s| &s.ground.validated),
                chosen: Slice::new(store, |s| &s.ground.chosen),
                rules: Slice::new(store, |s| &s.ground.rules),
                period: Slice::new(store, |s| &s.ground.period),
                methods: Slice::new(store, |s| &s.ground.methods),
            },
            cursor: PageSignal::new(None),
            pins: PageSignal::new(Vec::new()),
            view: PageSignal::new(View::default()),
            drawing: PageSignal::new(false),
            locating: PageSignal::new(false),
            position: PageSignal::new(None),
            rectangle: PageSignal::new(None),
            moisture: PageSignal::new(Scale::moisture()),
            difference: PageSignal::new(Scale::difference()),
            half_width: PageSignal::new(Scale::half_width()),
            backscatter: PageSignal::new(Scale::backscatter()),
            kelvin: PageSignal::new(Scale::kelvin()),
            kelvin_difference: PageSignal::new(Scale::kelvin_difference()),
            trend: PageSignal::new(Scale::trend(false)),
            trend_error: PageSignal::new(Scale::trend_error(false)),
            drydown: PageSignal::new(Scale::drydown()),
            map_count: PageSignal::new(Scale::map_count()),
            look_scale: PageSignal::new(Scale::moisture()),
            scales: PageSignal::new(String::new()),
            stage: PageSignal::new(None),
            swipe: PageSignal::new(false),
            curtain: PageSignal::new(Curtain::default()),
            curtain_at: PageSignal::new(50.0),
            left: PageSignal::new(left),
            right: PageSignal::new(right),
            about: PageSignal::new(false),
            help: PageSignal::new(false),
            basemap: PageSignal::new(None),
            places: PageSignal::new(true),
        }
    }

    /// From context: every component is under [`super::Page`].
    pub fn here() -> Self {
        expect_context::<Self>()
    }

    /// Something happened. What the state wants done is done before this returns, what happens of that included.
    pub fn tell(self, event: Event) {
        {
            let mut happened = write(&self.store.happened);
            happened.events.push_back(event);
            if std::mem::replace(&mut happened.busy, true) {
                return;
            }
        }
        let mut changed = 0;
        loop {
            let event = {
                let mut happened = write(&self.store.happened);
                match happened.events.pop_front() {
                    Some(event) => event,
                    None => {
                        happened.busy = false;
                        break;
                    }
                }
            };
            let effects = {
                let mut state = write(&self.store.state);
                state.now = js_sys::Date::now();
                let effects = state.update(event);
                changed |= state.fields.take();
                effects
            };
            for effect in effects {
                self.outside.run(effect, Post::new(move |event| self.tell(event)));
            }
        }
        self.notify(changed);
    }

    /// Who listens to the fields of these bits looks again.
    fn notify(self, changed: u64) {
        for (bit, trigger) in self.store.triggers.iter().enumerate() {
            if changed >> bit & 1 == 1 {
                trigger.notify();
            }
        }
    }

    /// Looks at all of the state. Nothing is listened to, and nothing may be told meanwhile.
    pub fn peek<R>(self, look: impl FnOnce(&State) -> R) -> R {
        look(&read(&self.store.state))
    }

    /// Changes the state as no event does, and tells who listens: for tests.
    #[doc(hidden)]
    pub fn change(self, change: impl FnOnce(&mut State)) {
        let changed = {
            let mut state = write(&self.store.state);
            change(&mut state);
            state.fields.take()
        };
        self.notify(changed);
    }

    /// The files and the worker.
    pub fn outside(self) -> Outside {
        self.outside
    }

    /// Other settings than the present ones.
    pub fn choose(self, change: impl FnOnce(&mut RegionSettings)) {
        let mut settings = Box::new(self.settings.get_untracked());
        change(&mut settings);
        self.tell(Event::Settings(settings));
    }

    /// Other training settings than the present ones.
    pub fn choose_training(self, change: impl FnOnce(&mut TrainSettings)) {
        let mut settings = Box::new(self.train.settings.get_untracked());
        change(&mut settings);
        self.tell(Event::TrainSettings(settings));
    }

    /// The user knows better.
    pub fn correct(self, file: FileId, change: impl FnOnce(&mut Correction)) {
        let row = self.files.with_untracked(|rows| {
            rows.iter().find(|r| r.id == file).map(|r| Box::new(r.correction.clone()))
        });
        if let Some(mut correction) = row {
            change(&mut correction);
            self.tell(Event::Correct(file, correction));
        }
    }

    /// Asks for a file.
    pub fn export(self, form: ExportForm) {
        self.tell(Event::Export(form));
    }

    /// Something to say to those who listen.
    pub fn say(self, text: impl Into<String>) {
        self.tell(Event::Say(text.into()));
    }

    /// Something went wrong in the page.
    pub fn fail(self, what: &str, why: &str, remedy: &str) {
        let what = if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") };
        self.tell(Event::Problem(crate::protocol::Failure { what, remedy: remedy.to_owned() }));
    }

    /// What the next map is made from. Whatever computes now is computed again when it changes.
    fn track_choices(self) {
        self.map.track();
        self.weights.track();
        self.settings.track();
        self.date.track();
        self.data.track();
        self.follow.track();
        self.device.track();
    }

    /// The weights that the next prediction will use. Tracked.
    pub fn prospect(self) -> Prospect {
        self.weights.track();
        self.settings.track();
        self.peek(State::prospect)
    }

    /// What to say of the map where it is not that of the present choices any more. Tracked.
    pub fn stale(self) -> Option<String> {
        self.track_choices();
        self.timeline.track();
        self.pending.track();
        self.predicting.track();
        self.peek(State::stale)
    }

    /// Why the map waits for a button. Tracked.
    pub fn by_hand(self) -> Option<String> {
        self.track_choices();
        self.peek(State::by_hand)
    }

    /// Whether there is a button for the map, which does not come by itself. Tracked.
    pub fn needs_button(self) -> bool {
        self.track_choices();
        self.timeline.track();
        self.pending.track();
        self.predicting.track();
        self.peek(State::needs_button)
    }

    /// The ranking, where it is of the present region, rules and files. Tracked.
    pub fn ranked(self) -> Option<Arc<Ranked>> {
        self.ranking.track();
        self.track_choices();
        self.peek(State::ranked)
    }

    /// The cell whose values are shown: under the cursor, else the last pin. Tracked.
    pub fn probed(self) -> Option<Cell> {
        self.cursor.get().or(self.pins.with(|pins| pins.last().copied()))
    }

    /// Neither files nor a demo are open. Tracked.
    pub fn nothing_open(self) -> bool {
        self.files.with(Vec::is_empty)
            && self.desk.with(|desk| desk.demo().is_none())
            && self.map.with(Option::is_none)
    }

    /// Why the last comparison with stations is not of the present choices. Tracked.
    pub fn ground_stale(self) -> Option<&'static str> {
        self.ground.validated.track();
        self.ground.rules.track();
        self.ground.methods.track();
        self.choice.track();
        self.track_choices();
        self.peek(State::ground_stale)
    }

    /// What is typed into the forms of loggers' tables. Made when it is asked for, so that it lies in the part that asks.
    pub fn logger_forms(self) -> Slice<Forms> {
        Slice::new(self.store, |s| &s.ground.forms)
    }

    /// No station lies in the region. Tracked.
    pub fn stations_elsewhere(self) -> bool {
        self.ground.stations.track();
        self.settings.track();
        self.peek(State::stations_elsewhere)
    }

    /// Whether anything shown is simulated. Tracked.
    pub fn simulated(self) -> bool {
        self.timeline.track();
        self.peek(State::simulated)
    }
}

impl Training {
    /// Why the settings cannot be used; `None` where they can. Tracked.
    pub fn refusal(self, app: App) -> Option<String> {
        self.typed.track();
        self.settings.track();
        app.peek(|s| s.train.refusal())
    }

    /// The network whose curves are shown; SMEN where none are. Tracked.
    pub fn shown_network(self) -> Network {
        self.started.with(|s| s.as_ref().map_or(Network::default(), |s| s.settings.network))
    }

    /// Share (0..1) of the planned steps that is done. Tracked.
    pub fn share(self, app: App) -> Option<f64> {
        self.started.track();
        self.step.track();
        app.peek(|s| s.train.share())
    }

    /// A run is being prepared, or takes steps. Tracked.
    pub fn is_active(self) -> bool {
        self.run.with(Run::is_active)
    }
}
