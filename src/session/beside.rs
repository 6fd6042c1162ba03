//! What GDAL keeps of a TIFF in files beside it (`x.tif.msk`, `x.tif.aux.xml`) and their TIFFs: they find each other in whichever order they are
//! opened.

use std::collections::HashMap;

use loam_core::stack::Entry;
use smap_files::companion::{self, Beside};
use smap_files::{Granule, SharedSource, with_beside};

use super::Host;
use super::open::open;
use super::state::{RequestError, Session};
use crate::protocol::{Event, FileTicket};

/// Of the files opened together those beside a TIFF: the number of each by what it is and by the TIFF's name in small letters.
#[must_use]
pub fn beside(tickets: &[FileTicket]) -> HashMap<(Beside, String), usize> {
    let numbered = tickets.iter().enumerate();
    numbered
        .filter_map(|(n, ticket)| {
            let (what, of) = companion::of_tiff(&ticket.name)?;
            Some(((what, of.to_ascii_lowercase()), n))
        })
        .collect()
}

impl<H: Host> Session<H> {
    /// What lies beside a TIFF among the files opened before; `None` without one, and where several could be it.
    pub(super) fn earlier_beside(&self, what: Beside, ticket: &FileTicket) -> Option<SharedSource> {
        what.name(&ticket.name).filter(|_| ticket.member.is_none())?;
        let is_it = |entry: &&Entry| {
            companion::of_tiff(&entry.name).is_some_and(|(own, _)| own == what)
                && companion::is_of(&entry.name, &ticket.name)
        };
        let mut found = self.library.iter().filter(is_it).filter_map(Entry::granule);
        let only = found.next()?;
        found.next().is_none().then(|| only.source.clone())
    }

    /// The TIFF that a file beside it is of, where it is open with or without that, and no other could be it: what to open again, and its
    /// bytes.
    fn tiff_of(&self, file: &str, what: Beside, with: bool) -> Option<(FileTicket, SharedSource)> {
        let is_it = |(entry, granule): &(&Entry, &Granule)| {
            companion::is_of(file, &entry.name) && granule.source.beside(what).is_some() == with
        };
        let mut tiffs = self.library.iter().filter_map(|entry| Some((entry, entry.granule()?))).filter(is_it);
        let (entry, granule) = tiffs.next()?;
        let ticket = FileTicket {
            id: entry.id,
            name: entry.name.clone(),
            bytes: granule.bytes,
            correction: entry.correction.clone(),
            member: None,
        };
        tiffs.next().is_none().then(|| (ticket, granule.source.clone()))
    }

    /// A file beside a TIFF came, or went where none is given: the TIFF is read again with or without it. One that was read with it already
    /// stays as it is.
    pub(super) async fn beside_changed(
        &mut self,
        id: u64,
        name: &str,
        file: Option<SharedSource>,
    ) -> Result<(), RequestError> {
        let Some((what, _)) = companion::of_tiff(name) else { return Ok(()) };
        let Some((ticket, source)) = self.tiff_of(name, what, file.is_none()) else { return Ok(()) };
        let source = match file {
            Some(file) => with_beside(source, what, file),
            None => source.without(what).unwrap_or(source),
        };
        self.changed(ticket.id);
        match open(&ticket, source).await {
            Ok(entry) => {
                self.library.insert(entry);
                self.changed(ticket.id);
                self.report_file(id, ticket.id);
            }
            Err(refused) => {
                self.library.remove(ticket.id);
                self.emit(id, Event::FileRead(*refused));
            }
        }
        self.yield_now(id).await
    }
}
