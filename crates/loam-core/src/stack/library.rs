//! The files a session holds, what each is used as, and which of them supersede others.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::file::{Correction, FileId, Usage};
use crate::simulate::{Scene, SimulatedDay};
use ease_grid::{Grid, Raster};
use smap_files::{Granule, Product, ReadError, Role, Variable};

/// What the satellites saw on a simulated day; the truth they did not see is left behind.
#[derive(Debug, Clone)]
pub struct SceneDay {
    /// The date.
    pub date: Date,
    /// SMAP on its 36 km cells, m3/m3: 6 am, and 6 pm where that saw nothing.
    pub coarse: Option<Raster>,
    /// Which overpass each cell of `coarse` is of: 0 for 6 am, 1 for 6 pm.
    pub overpass: Option<Raster>,
    /// 6 pm, where it saw anything.
    pub evening: Option<Raster>,
    /// The 3 km map, m3/m3.
    pub fine: Option<Raster>,
    /// Backscatter VV, dB.
    pub vv: Option<Raster>,
    /// Backscatter VH, dB.
    pub vh: Option<Raster>,
}

impl From<SimulatedDay> for SceneDay {
    fn from(day: SimulatedDay) -> Self {
        Self {
            date: day.date,
            coarse: day.coarse(),
            overpass: day.overpass(),
            evening: day.pm,
            fine: day.fine,
            vv: day.vv,
            vh: day.vh,
        }
    }
}

/// What stands behind an entry.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file.
    File(SourceFile),
    /// Days of the simulator.
    Simulated(Arc<Vec<SceneDay>>),
}

/// What one entry has to say about one day.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// A file of that day.
    File(&'a Entry, &'a Granule),
    /// A simulated day.
    Simulated(&'a Entry, &'a SceneDay),
}

/// A granule, boxed: entries are moved about.
pub type SourceFile = Box<Granule>;

/// One file (or simulated day) of the session.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number.
    pub id: FileId,
    /// Name shown.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// What the user said about it.
    pub correction: Correction,
}

impl Entry {
    /// Its day: the user's word first. `None` for a file without a date, and for simulated scenes, which hold many.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.correction.date.or(match &self.content {
            Content::File(granule) => granule.date,
            Content::Simulated(_) => None,
        })
    }

    /// Its days: of a stack those of its layers, else [`Entry::date`]. Empty for simulated scenes.
    #[must_use]
    pub fn dates(&self) -> Vec<Date> {
        match (&self.content, self.correction.date) {
            (Content::File(granule), None) => granule.days(),
            (Content::File(_), Some(date)) => vec![date],
            (Content::Simulated(_), _) => Vec::new(),
        }
    }

    /// Whether a date is one of [`Entry::dates`].
    #[must_use]
    pub fn is_of(&self, date: Date) -> bool {
        match (&self.content, self.correction.date) {
            (Content::Simulated(_), _) => false,
            (Content::File(_), Some(own)) => own == date,
            (Content::File(granule), None) => {
                let of_a_layer =
                    || granule.variables.iter().any(|v| v.date == Some(date) && v.role != Role::Other);
                granule.date == Some(date) || of_a_layer()
            }
        }
    }

    /// What it is used as: the user's word first, then what its soil moisture's grid says.
    #[must_use]
    pub fn usage(&self) -> Usage {
        if let Some(usage) = self.correction.usage {
            return usage;
        }
        match &self.content {
            Content::Simulated(_) => Usage::Fine,
            Content::File(granule) => {
                given_usage(granule, &self.correction).unwrap_or_else(|| detected_usage(granule))
            }
        }
    }

    /// Its name, with what the user said of its layers: `order.tif [band 2 given by you: soil moisture, percent]`. Exports carry it.
    #[must_use]
    pub fn label(&self) -> String {
        match self.granule().map(Granule::given) {
            Some(given) if !given.is_empty() => format!("{} [{}]", self.name, given.join(", ")),
            _ => self.name.clone(),
        }
    }

    /// Takes the user's word. A file used as soil moisture (or land surface temperature) in which none was recognised gives the one layer of
    /// which nothing says what it is, or a stack of such layers with a day each, unless the user said which.
    ///
    /// # Errors
    /// Those of [`Granule::use_layer`]. Layers refused count as not said; the rest of the correction holds.
    pub fn correct(&mut self, mut correction: Correction) -> Result<(), ReadError> {
        let mut outcome = Ok(());
        if let Content::File(granule) = &mut self.content {
            granule.forget_uses();
            correction.layers.retain(|given| {
                let used = granule.use_layer(given);
                let held = used.is_ok();
                if outcome.is_ok() {
                    outcome = used;
                }
                held
            });
        }
        if let Content::File(granule) = &mut self.content {
            match correction.usage {
                // A map of brightness temperature that Loam made is never taken for soil moisture.
                Some(Usage::Coarse | Usage::Fine) if granule.product != Product::OwnMap => {
                    use_unknown(granule, Role::SoilMoisture, "soil moisture", "m3/m3");
                }
                Some(Usage::Temperature) => {
                    use_unknown(granule, Role::SurfaceTemperature, "land surface temperature", "K")
                }
                _ => {}
            }
        }
        self.correction = correction;
        outcome
    }

    /// Why a file that the user gave a use has nothing to give: which layers it has, and how to name one. `None` where it gives something,
    /// or where the user gave it none.
    #[must_use]
    pub fn gives_nothing(&self) -> Option<String> {
        let granule = self.granule()?;
        let (as_what, wanted, role): (_, &[Role], _) = match self.correction.usage? {
            Usage::Coarse => (
                "coarse soil moisture",
                &[Role::SoilMoisture, Role::BrightnessV, Role::BrightnessH],
                "coarse,m3/m3",
            ),
            Usage::Fine => ("3 km soil moisture", &[Role::SoilMoisture], "fine,m3/m3"),
            Usage::Backscatter => {
                ("Sentinel-1 backscatter", &[Role::BackscatterVv, Role::BackscatterVh], "vv,dB")
            }
            Usage::Temperature => ("land surface temperature", &[Role::SurfaceTemperature], "lst,K"),
            Usage::Ignored => return None,
        };
        if granule.variables.iter().any(|v| wanted.contains(&v.role) && v.grid.is_some()) {
            return None;
        }
        Some(format!(
            "it is to be used as {as_what}, and no layer that lies on a map is known to be that. It has {}. Say which layer it is: choose \"use \
             as\" at the layer in the file list, or --use FILE#LAYER={role} on the command line",
            granule.layers_with_evidence()
        ))
    }

    /// The file behind it; `None` for simulated days.
    #[must_use]
    pub fn granule(&self) -> Option<&Granule> {
        match &self.content {
            Content::File(granule) => Some(granule),
            Content::Simulated(_) => None,
        }
    }

    /// Composite release and product counter.
    fn version(&self) -> Option<&(String, u32)> {
        self.granule()?.version.as_ref()
    }

    /// Simulated?
    #[must_use]
    pub fn simulated(&self) -> bool {
        match &self.content {
            Content::Simulated(_) => true,
            Content::File(granule) => granule.simulated,
        }
    }
}

/// Gives a role to what nothing else is known of: one layer, or a stack of layers with a day each. What a file says of a layer is not
/// outvoted by what the file is used as; of several layers that could be meant none is guessed.
fn use_unknown(granule: &mut Granule, role: Role, quantity: &str, unit: &str) {
    if granule.variables.iter().any(|v| v.role == role && v.grid.is_some()) {
        return;
    }
    let unknown: Vec<&Variable> = granule.variables.iter().filter(|v| v.is_unknown_map()).collect();
    let paths: BTreeSet<&str> = unknown.iter().map(|v| v.path.as_str()).collect();
    let days: BTreeSet<Option<Date>> = unknown.iter().map(|v| v.date).collect();
    if paths.len() > 1 && (days.len() < unknown.len() || days.contains(&None)) {
        return;
    }
    for variable in granule.variables.iter_mut().filter(|v| v.is_unknown_map()) {
        (variable.role, variable.statistics) = (role, None);
        if role == Role::SurfaceTemperature {
            variable.units = Some(unit.to_owned());
        }
        variable.evidence = format!("{quantity}, {unit}, as you use the file");
    }
}

/// What the layers that the user spoke of are used as; `None` where there are none.
fn given_usage(granule: &Granule, correction: &Correction) -> Option<Usage> {
    let role = correction.layers.first()?.role;
    Some(match role {
        Role::BackscatterVv | Role::BackscatterVh => Usage::Backscatter,
        Role::SurfaceTemperature => Usage::Temperature,
        _ => {
            let mut of_role = granule.variables.iter().filter(|v| v.role == role);
            let coarse = of_role.any(|v| granule.is_coarse_input(v));
            if coarse { Usage::Coarse } else { Usage::Fine }
        }
    })
}

fn detected_usage(granule: &Granule) -> Usage {
    if matches!(granule.product, Product::Unknown | Product::OwnMap) {
        return Usage::Ignored;
    }
    if let Some(variable) =
        granule.variables.iter().find(|v| v.role == Role::SoilMoisture && v.grid.is_some())
    {
        return if granule.is_coarse_input(variable) { Usage::Coarse } else { Usage::Fine };
    }
    let has = |roles: [Role; 2]| granule.variables.iter().any(|v| roles.contains(&v.role));
    if has([Role::BackscatterVv, Role::BackscatterVh]) {
        Usage::Backscatter
    } else if has([Role::BrightnessV, Role::BrightnessH]) {
        // A subset without soil moisture: the TB CNN's input.
        Usage::Coarse
    } else if has([Role::SurfaceTemperature; 2]) {
        Usage::Temperature
    } else {
        Usage::Ignored
    }
}

/// Share of a variable's area that a later version must hold to supersede it: versions of one scene can differ by a few cells at its edge.
const COVERED_SHARE: f64 = 0.9;

/// The variables that a granule is used for, with their grids.
fn used_variables(granule: &Granule) -> impl Iterator<Item = (&Variable, &Grid)> {
    granule.variables.iter().filter(|v| v.role != Role::Other).filter_map(|v| Some((v, v.grid.as_ref()?)))
}

/// Whether two arrays hold the same quantity. Paths are not compared whole: releases and services rename groups and suffixes.
fn same_variable(a: &Variable, b: &Variable) -> bool {
    (a.role, a.overpass, a.resolution) == (b.role, b.overpass, b.resolution) && a.quantity() == b.quantity()
}

/// Whether `other` holds all that `own` is used for. A granule that is used for nothing is not covered.
fn covers(other: &Granule, own: &Granule) -> bool {
    let has = |(variable, grid): (&Variable, &Grid)| {
        used_variables(other).any(|(v, g)| same_variable(v, variable) && g.share_of(grid) >= COVERED_SHARE)
    };
    used_variables(own).next().is_some() && used_variables(own).all(has)
}

/// Whether two granules are used for the same variables on the same grids.
fn same_content(a: &Granule, b: &Granule) -> bool {
    let within = |a: &Granule, b: &Granule| {
        used_variables(a).all(|(v, g)| used_variables(b).any(|(w, h)| same_variable(v, w) && g == h))
    };
    used_variables(a).next().is_some() && within(a, b) && within(b, a)
}

/// All files of a session, by number.
#[derive(Debug, Clone, Default)]
pub struct Library {
    entries: BTreeMap<FileId, Entry>,
    /// What the simulated days are days of: brightness and land surface temperature are not kept with them but simulated again when asked
    /// for ([`super::SimulatedTemperatures`]).
    pub scene: Option<Scene>,
}

impl Library {
    /// The days of a simulated scene under one entry.
    #[must_use]
    pub fn simulated(scene: Scene, name: String, days: Vec<SceneDay>) -> Self {
        let mut library = Self { scene: Some(scene), ..Self::default() };
        library.insert(Entry {
            id: 0,
            name,
            content: Content::Simulated(Arc::new(days)),
            correction: Correction::default(),
        });
        library
    }

    /// Adds or replaces an entry.
    pub fn insert(&mut self, entry: Entry) {
        self.entries.insert(entry.id, entry);
    }

    /// Takes one out.
    pub fn remove(&mut self, id: FileId) -> Option<Entry> {
        self.entries.remove(&id)
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.scene = None;
    }

    /// One entry.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// One entry, to correct it.
    pub fn get_mut(&mut self, id: FileId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// All entries, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The entry that supersedes this one: a later version, or a higher product counter (formats.md 2.1), of the same scene that is used
    /// for the same and holds every variable this one is used for, on a grid that covers it. A subset thus never supersedes the whole. Of
    /// one version only the same content opened twice is superseded, by the first opened.
    #[must_use]
    pub fn superseded_by(&self, entry: &Entry) -> Option<&Entry> {
        let own = entry.granule().filter(|own| own.identity.is_some())?;
        let supersedes = |e: &&Entry| {
            e.granule().is_some_and(|other| {
                e.id != entry.id
                    && other.identity == own.identity
                    && e.usage() == entry.usage()
                    && e.dates() == entry.dates()
                    && match other.version.cmp(&own.version) {
                        Ordering::Greater => covers(other, own),
                        Ordering::Equal => e.id < entry.id && same_content(other, own),
                        Ordering::Less => false,
                    }
            })
        };
        self.entries.values().filter(supersedes).max_by_key(|e| (e.version(), Reverse(e.id)))
    }

    /// Whether any file is used that was observed, not simulated.
    fn has_observed(&self) -> bool {
        self.entries.values().any(|entry| !entry.simulated() && entry.usage() != Usage::Ignored)
    }

    /// Simulated scenes are never mixed with observed files, not in one day and not in a history: where both are open, the simulated ones
    /// are left out, and this says so of an entry.
    #[must_use]
    pub fn left_out_as_simulated(&self, entry: &Entry) -> bool {
        entry.simulated() && entry.usage() != Usage::Ignored && self.has_observed()
    }

    /// Entries that are used for something, in order.
    pub(super) fn used(&self) -> impl Iterator<Item = &Entry> {
        self.used_of(self.entries.values())
    }

    fn used_of<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> impl Iterator<Item = &'a Entry> {
        let observed = self.has_observed();
        entries.filter(move |entry| entry.usage() != Usage::Ignored && !(observed && entry.simulated()))
    }

    /// Entries that count on some date (used, dated, not superseded), in order.
    pub fn counting(&self) -> impl Iterator<Item = &Entry> {
        let dated = |entry: &&Entry| match &entry.content {
            Content::File(_) => !entry.dates().is_empty(),
            Content::Simulated(_) => true,
        };
        self.used().filter(dated).filter(|entry| self.superseded_by(entry).is_none())
    }

    /// What counts (used, dated, not superseded) on one date.
    #[must_use]
    pub fn on(&self, date: Date) -> Vec<Piece<'_>> {
        // Files of other days are left out first: a library can hold thousands.
        let of_the_day = |entry: &&Entry| match &entry.content {
            Content::File(_) => entry.is_of(date),
            Content::Simulated(_) => true,
        };
        let counts = |entry: &&Entry| self.superseded_by(entry).is_none();
        let of_the_day = self.entries.values().filter(of_the_day);
        let mut entries: Vec<&Entry> = self.used_of(of_the_day).filter(counts).collect();
        // Where a file and a later subset of it both count, the later values come first; other files stay in the order they were opened in.
        let identity = |entry: &Entry| entry.granule().and_then(|granule| granule.identity.clone());
        let mut first_of = BTreeMap::new();
        for entry in &entries {
            first_of.entry(identity(entry)).or_insert(entry.id);
        }
        entries.sort_by_cached_key(|entry| {
            let first = identity(entry).and_then(|own| first_of.get(&Some(own)).copied());
            (first.unwrap_or(entry.id), Reverse(entry.version().cloned()), entry.id)
        });
        let mut pieces = Vec::new();
        for entry in entries {
            match &entry.content {
                Content::File(granule) => pieces.push(Piece::File(entry, granule)),
                Content::Simulated(days) => pieces
                    .extend(days.iter().filter(|d| d.date == date).map(|day| Piece::Simulated(entry, day))),
            }
        }
        pieces
    }

    /// Dates that have something, in order.
    #[must_use]
    pub fn dates(&self) -> BTreeSet<Date> {
        let mut dates = BTreeSet::new();
        for entry in self.used() {
            match &entry.content {
                Content::File(_) => dates.extend(entry.dates()),
                Content::Simulated(days) => dates.extend(days.iter().map(|d| d.date)),
            }
        }
        dates
    }
}
