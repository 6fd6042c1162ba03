//! GDAL's masks (`x.tif.msk` beside `x.tif`) and their TIFFs: they find each other in whichever order they are opened.

use std::collections::HashMap;

use loam_core::stack::Entry;
use smap_files::{Granule, SharedSource, companion, with_mask};

use super::Host;
use super::open::open;
use super::state::{RequestError, Session};
use crate::protocol::{Event, FileTicket};

/// Of each file the number of the one that is its mask (GDAL's `x.tif.msk` beside `x.tif`), of those opened together.
#[must_use]
pub fn masks(tickets: &[FileTicket]) -> Vec<Option<usize>> {
    let by_file: HashMap<String, usize> = tickets
        .iter()
        .enumerate()
        .filter_map(|(n, ticket)| Some((companion::masked_name(&ticket.name)?.to_ascii_lowercase(), n)))
        .collect();
    let of = |ticket: &FileTicket| {
        ticket.member.is_none().then(|| by_file.get(&ticket.name.to_ascii_lowercase()).copied()).flatten()
    };
    tickets.iter().map(of).collect()
}

impl<H: Host> Session<H> {
    /// The mask of a TIFF among the files opened before; `None` without one, and where several could be it.
    pub(super) fn earlier_mask(&self, ticket: &FileTicket) -> Option<SharedSource> {
        companion::mask_name(&ticket.name).filter(|_| ticket.member.is_none())?;
        let is_it = |entry: &&Entry| companion::is_mask_of(&entry.name, &ticket.name);
        let mut masks = self.library.iter().filter(is_it).filter_map(Entry::granule);
        let only = masks.next()?;
        masks.next().is_none().then(|| only.source.clone())
    }

    /// The TIFF that a mask is of, where it is open with or without its mask, and no other could be it: what to open again, and its bytes.
    fn tiff_of(&self, mask: &str, masked: bool) -> Option<(FileTicket, SharedSource)> {
        companion::masked_name(mask)?;
        let is_it = |(entry, granule): &(&Entry, &Granule)| {
            companion::is_mask_of(mask, &entry.name) && granule.source.mask().is_some() == masked
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

    /// A mask came, or went where none is given: the TIFF that it is of is read again with or without it. One that was read with its mask
    /// already stays as it is.
    pub(super) async fn mask_changed(
        &mut self,
        id: u64,
        name: &str,
        mask: Option<SharedSource>,
    ) -> Result<(), RequestError> {
        let Some((ticket, source)) = self.tiff_of(name, mask.is_none()) else { return Ok(()) };
        let source = match mask {
            Some(mask) => with_mask(source, mask),
            None => source.without_mask().unwrap_or(source),
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
