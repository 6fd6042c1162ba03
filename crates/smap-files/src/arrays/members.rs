//! Members of an HDF5 group, one by one where they cannot be listed together.
//!
//! `hdf5-reader` refuses a whole group when one child's header uses an encoding it does not know. A person with such a file still
//! wants the rest of it, so the names are then taken from the group's links and each child is tried alone.

use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::error::Result;
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::LinkTarget;
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::symbol_table::SymbolTableNode;
use hdf5_reader::{Dataset, group::Group};

/// What a group holds.
#[derive(Default)]
pub(crate) struct Members {
    pub groups: Vec<Group>,
    pub datasets: Vec<Dataset>,
    /// Children that cannot be opened: name and why.
    pub lost: Vec<(String, String)>,
}

/// Lists a group.
///
/// # Errors
/// The reader's, where not even the names can be had.
pub(crate) fn members(file: &hdf5_reader::Hdf5File, group: &Group) -> Result<Members> {
    let error = match group.members() {
        Ok((groups, datasets)) => {
            return Ok(Members { groups, datasets, lost: elsewhere(file, group).unwrap_or_default() });
        }
        Err(error) => error,
    };
    let names = match names(file, group) {
        Ok(names) if !names.is_empty() => names,
        _ => return Err(error),
    };
    let mut members = Members::default();
    for name in names {
        match group.dataset(&name) {
            Ok(dataset) => members.datasets.push(dataset),
            Err(as_dataset) => match group.group(&name) {
                Ok(child) => members.groups.push(child),
                Err(_) => members.lost.push((name, as_dataset.to_string())),
            },
        }
    }
    // Nothing but losses is no listing.
    if members.groups.is_empty() && members.datasets.is_empty() { Err(error) } else { Ok(members) }
}

/// Links that lead to other files: their names, and where they lead.
fn elsewhere(file: &hdf5_reader::Hdf5File, group: &Group) -> Result<Vec<(String, String)>> {
    let header = file.get_or_parse_header(group.address())?;
    let link = |message: &HdfMessage| match message {
        HdfMessage::Link(link) => match &link.target {
            LinkTarget::External { filename, path } => Some((
                link.name.clone(),
                format!("it only names {path} in another file, {filename}: open that"),
            )),
            _ => None,
        },
        _ => None,
    };
    Ok(header.messages.iter().filter_map(link).collect())
}

/// Names of links, from the group's own header: compact links and old-style symbol tables. Dense links are not needed: SMAP
/// files of that form open whole.
fn names(file: &hdf5_reader::Hdf5File, group: &Group) -> Result<Vec<String>> {
    let header = file.get_or_parse_header(group.address())?;
    let mut names = Vec::new();
    for message in &header.messages {
        match message {
            HdfMessage::Link(link) => names.push(link.name.clone()),
            HdfMessage::SymbolTable(table) => symbol_table_names(group, table, &mut names)?,
            _ => {}
        }
    }
    Ok(names)
}

fn symbol_table_names(group: &Group, table: &SymbolTableMessage, names: &mut Vec<String>) -> Result<()> {
    let (storage, offsets, lengths) = (group.storage(), group.offset_size(), group.length_size());
    let heap = LocalHeap::parse_at_storage(storage, table.heap_address, offsets, lengths)?;
    for (_, address) in
        collect_btree_v1_leaves_storage(storage, table.btree_address, offsets, lengths, None, &[], None)?
    {
        // Signature, version, reserved, count (u16); then entries of two offsets and 24 bytes.
        let prefix = storage.read_range(address, 8)?;
        let count = usize::from(u16::from_le_bytes([prefix[6], prefix[7]]));
        let bytes = storage.read_range(address, 8 + count * (2 * usize::from(offsets) + 24))?;
        for entry in SymbolTableNode::parse(&mut Cursor::new(bytes.as_ref()), offsets, lengths)?.entries {
            names.push(heap.get_string_storage(entry.link_name_offset, storage)?);
        }
    }
    Ok(())
}
