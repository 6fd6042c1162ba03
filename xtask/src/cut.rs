//! Cuts one wasm program in pieces: a main program, and parts that are fetched when the first of their functions is called.
//!
//! Which function goes where is said by name ([`Plan`]), not by who can reach it: burn's dispatch reaches every operation of every backend
//! from everywhere, so a cut along the call graph leaves all of it in the main program. A function that was moved leaves a short one in its
//! place, where anything outside its part may call it: it sees to it that the part is there, and passes the call on through a table of its
//! own. So nothing has to be foreseen: a call that the plan did not expect costs a fetch, never a wrong result.
//!
//! The main program keeps memory, tables, globals and data, and exports what the parts use; the parts import it and, when they are
//! started, write the functions that are called from outside into the table. All pieces come from one program and fit only each other.

use std::collections::{BTreeMap, HashMap, HashSet};

use walrus::ir::{Visitor, dfs_in_order};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalId, GlobalKind, ImportKind,
    ImportedFunction, LocalFunction, MemoryId, Module, ModuleConfig, RefType, TableId, ValType,
};

use crate::{Result, failure};

/// Module name under which the parts import from the main program.
const FROM_MAIN: &str = "m";
/// First page of the marks that [`instrument`] adds, and their number, as exported globals.
pub const MARKS: &str = "loam_marks";
/// Number of marks.
pub const MARK_COUNT: &str = "loam_mark_count";
const PAGE_BYTES: u64 = 1 << 16;
/// A function of so few instructions that calls nothing is no longer than what would stand in its place.
const SHORT: u64 = 8;

/// Where functions go, and how parts are started.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Number of parts. Of those a name may go to, the last takes what only it needs.
    pub parts: usize,
    /// A function's place by its name ([`plain_name`]): `None` in the main program, or the number of its part.
    pub place: &'a dyn Fn(&str) -> Option<usize>,
    /// What the name of the imported function begins with that starts a part, given its number.
    pub load: &'a str,
}

/// The pieces of a program.
#[derive(Debug)]
pub struct Pieces {
    /// What is started first.
    pub main: Vec<u8>,
    /// In the order of their numbers.
    pub parts: Vec<Vec<u8>>,
    /// Functions that went to a part.
    pub moved: usize,
    /// Those of them that leave a short function in their place, because something outside their part may call them.
    pub called_from_outside: usize,
}

/// A function's name without what changes from build to build: hashes of crates and of monomorphizations.
pub fn plain_name(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Plain names of a program's functions in order, empty for nameless and imported ones.
pub fn names(wasm: &[u8]) -> Result<Vec<String>> {
    let module = parse(wasm)?;
    let name = |f: &walrus::Function| match f.kind {
        FunctionKind::Local(_) => f.name.as_deref().map(plain_name).unwrap_or_default(),
        _ => String::new(),
    };
    Ok(module.funcs.iter().map(name).collect())
}

/// The program with a byte for each function, in memory behind all that it uses, set to 1 when the function is entered.
pub fn instrument(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = parse(wasm)?;
    let memory = only_memory(&module)?;
    let count = module.funcs.iter().count();
    let pages = (count as u64).div_ceil(PAGE_BYTES);
    let start = module.memories.get(memory).initial * PAGE_BYTES;
    module.memories.get_mut(memory).initial += pages;
    let locals: Vec<(i32, FunctionId)> = (0_i32..).zip(module.funcs.iter()).map(|(n, f)| (n, f.id())).collect();
    for (n, id) in locals {
        if let FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind {
            let kind = walrus::ir::StoreKind::I32_8 { atomic: false };
            let arg = walrus::ir::MemArg { align: 1, offset: start };
            let mut body = function.builder_mut().func_body();
            body.store_at(0, memory, kind, arg).const_at(0, walrus::ir::Value::I32(1)).const_at(0, walrus::ir::Value::I32(n));
        }
    }
    for (name, value) in [(MARKS, start), (MARK_COUNT, count as u64)] {
        let value = i32::try_from(value).map_err(|_| failure("the program uses more memory than can be marked"))?;
        let global = module.globals.add_local(ValType::I32, false, false, ConstExpr::Value(walrus::ir::Value::I32(value)));
        module.exports.add(name, global);
    }
    Ok(module.emit_wasm())
}

/// Cuts a program.
pub fn cut(wasm: &[u8], plan: &Plan) -> Result<Pieces> {
    let whole = parse(wasm)?;
    let survey = Survey::of(&whole, plan)?;
    drop(whole);
    let mut wanted = Wanted::default();
    let parts = (0..plan.parts).map(|part| survey.part(parse(wasm)?, part, &mut wanted)).collect::<Result<Vec<_>>>()?;
    let main = survey.main(parse(wasm)?, &wanted)?;
    let moved = survey.place.iter().flatten().count();
    Ok(Pieces { main, parts, moved, called_from_outside: survey.slots.iter().map(Vec::len).sum() })
}

fn parse(wasm: &[u8]) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false).generate_dwarf(false);
    let mut module = config.parse(wasm).map_err(|e| failure(format!("the program to cut could not be read: {e:#}")))?;
    let custom: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    for id in custom {
        module.customs.delete(id);
    }
    Ok(module)
}

fn only_memory(module: &Module) -> Result<MemoryId> {
    let mut memories = module.memories.iter();
    match (memories.next(), memories.next()) {
        (Some(memory), None) => Ok(memory.id()),
        _ => Err(failure("the program to cut has not one memory")),
    }
}

/// What a piece takes from the main program, by number: the n-th function, table, global of the whole.
#[derive(Debug, Default)]
struct Wanted {
    functions: HashSet<usize>,
    tables: HashSet<usize>,
    globals: HashSet<usize>,
}

/// Functions, by their numbers in the order the whole program lists them; that order is the same each time it is read.
#[derive(Debug)]
struct Survey {
    /// Part of each function; `None` for the main program.
    place: Vec<Option<usize>>,
    /// Of each part, the functions that are called from outside it.
    slots: Vec<Vec<usize>>,
    /// The imported function that starts a part.
    load: usize,
}

/// Collects what a function's code names.
#[derive(Default)]
struct Names {
    functions: Vec<FunctionId>,
    tables: Vec<TableId>,
    globals: Vec<GlobalId>,
}

impl Visitor<'_> for Names {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.functions.push(*function);
    }
    fn visit_table_id(&mut self, table: &TableId) {
        self.tables.push(*table);
    }
    fn visit_global_id(&mut self, global: &GlobalId) {
        self.globals.push(*global);
    }
}

impl Names {
    fn of(function: &LocalFunction) -> Self {
        let mut names = Self::default();
        dfs_in_order(&mut names, function, function.entry_block());
        names
    }
}

fn numbers(module: &Module) -> HashMap<FunctionId, usize> {
    module.funcs.iter().enumerate().map(|(n, f)| (f.id(), n)).collect()
}

impl Survey {
    fn of(module: &Module, plan: &Plan) -> Result<Self> {
        let number = numbers(module);
        let mut place = Vec::with_capacity(number.len());
        let mut calls: Vec<Vec<usize>> = Vec::with_capacity(number.len());
        for function in module.funcs.iter() {
            let FunctionKind::Local(local) = &function.kind else {
                place.push(None);
                calls.push(Vec::new());
                continue;
            };
            let named: Vec<usize> = Names::of(local).functions.iter().map(|id| number[id]).collect();
            let stays = module.start == Some(function.id()) || named.is_empty() && local.size() <= SHORT;
            let part = function.name.as_deref().filter(|_| !stays).and_then(|name| (plan.place)(&plain_name(name)));
            if part.is_some_and(|part| part >= plan.parts) {
                return Err(failure("a function was planned into a part that there is not"));
            }
            place.push(part);
            calls.push(named);
        }
        // Named from outside all code: function pointers and exports.
        let mut open: Vec<usize> = module
            .elements
            .iter()
            .flat_map(|element| match &element.items {
                ElementItems::Functions(ids) => ids.clone(),
                ElementItems::Expressions(_, items) => {
                    items.iter().filter_map(|item| if let ConstExpr::RefFunc(id) = item { Some(*id) } else { None }).collect()
                }
            })
            .chain(module.exports.iter().filter_map(|e| if let ExportItem::Function(id) = e.item { Some(id) } else { None }))
            .map(|id| number[&id])
            .collect();
        open.sort_unstable();
        open.dedup();

        // What only the last part calls goes with it, whatever its name.
        let last = plan.parts - 1;
        let mut needed = vec![false; place.len()];
        let mut line: Vec<usize> = open.clone();
        line.extend((0..place.len()).filter(|f| place[*f].is_none()));
        while let Some(function) = line.pop() {
            if place[function] != Some(last) && !std::mem::replace(&mut needed[function], true) {
                line.extend(calls[function].iter().copied());
            }
        }
        for (function, part) in place.iter_mut().enumerate() {
            if part.is_some() && !needed[function] {
                *part = Some(last);
            }
        }

        let mut outside: HashSet<usize> = open.into_iter().collect();
        for (caller, called) in calls.iter().enumerate() {
            outside.extend(called.iter().copied().filter(|f| place[*f] != place[caller]));
        }
        let mut slots = vec![Vec::new(); plan.parts];
        for (function, part) in place.iter().enumerate() {
            if let Some(part) = part
                && outside.contains(&function)
            {
                slots[*part].push(function);
            }
        }
        let load = module.imports.iter().find_map(|import| match import.kind {
            ImportKind::Function(id) if import.name.starts_with(plan.load) => Some(number[&id]),
            _ => None,
        });
        let load = load.ok_or_else(|| failure(format!("the program to cut imports no function {}...", plan.load)))?;
        Ok(Self { place, slots, load })
    }

    /// Slots of all parts lie one behind the other.
    fn first_slot(&self, part: usize) -> usize {
        self.slots[..part].iter().map(Vec::len).sum()
    }

    fn slot_count(&self) -> u64 {
        self.slots.iter().map(|slots| slots.len() as u64).sum()
    }

    fn main(&self, mut module: Module, wanted: &Wanted) -> Result<Vec<u8>> {
        let ids: Vec<FunctionId> = module.funcs.iter().map(walrus::Function::id).collect();
        let count = self.slot_count();
        let slots = module.tables.add_local(false, count, Some(count), RefType::FUNCREF);
        for (part, moved) in self.slots.iter().enumerate() {
            let there = module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(walrus::ir::Value::I32(0)));
            let number = i32::try_from(part).map_err(|_| failure("too many parts"))?;
            let mut see_to_it = FunctionBuilder::new(&mut module.types, &[], &[]);
            see_to_it.func_body().global_get(there).unop(walrus::ir::UnaryOp::I32Eqz).if_else(
                None,
                |then| {
                    then.i32_const(number).call(ids[self.load]).i32_const(1).global_set(there);
                },
                |_| {},
            );
            let see_to_it = see_to_it.finish(Vec::new(), &mut module.funcs);
            for (slot, function) in (self.first_slot(part)..).zip(moved) {
                let slot = i32::try_from(slot).map_err(|_| failure("too many functions were moved"))?;
                let ty = module.funcs.get(ids[*function]).ty();
                let (params, results) = module.types.params_results(ty);
                let (params, results) = (params.to_vec(), results.to_vec());
                let arguments: Vec<_> = params.iter().map(|ty| module.locals.add(*ty)).collect();
                let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
                let mut body = builder.func_body();
                body.call(see_to_it);
                for argument in &arguments {
                    body.local_get(*argument);
                }
                body.i32_const(slot).call_indirect(ty, slots);
                module.funcs.get_mut(ids[*function]).kind = FunctionKind::Local(builder.local_func(arguments));
            }
        }
        let tables: Vec<TableId> = module.tables.iter().map(walrus::Table::id).collect();
        let globals: Vec<GlobalId> = module.globals.iter().map(walrus::Global::id).collect();
        for function in sorted(&wanted.functions) {
            module.exports.add(&function_name(function), ids[function]);
        }
        for table in sorted(&wanted.tables) {
            module.exports.add(&table_name(table), tables[table]);
        }
        for global in sorted(&wanted.globals) {
            module.exports.add(&global_name(global), globals[global]);
        }
        module.exports.add(SLOTS, slots);
        let memory = only_memory(&module)?;
        module.exports.add(MEMORY, memory);
        walrus::passes::gc::run(&mut module);
        Ok(module.emit_wasm())
    }

    fn part(&self, mut module: Module, part: usize, wanted: &mut Wanted) -> Result<Vec<u8>> {
        let number = numbers(&module);
        let ids: Vec<FunctionId> = module.funcs.iter().map(walrus::Function::id).collect();
        module.start = None;
        let exports: Vec<_> = module.exports.iter().map(walrus::Export::id).collect();
        exports.into_iter().for_each(|id| module.exports.delete(id));
        let elements: Vec<_> = module.elements.iter().map(walrus::Element::id).collect();
        elements.into_iter().for_each(|id| module.elements.delete(id));
        let data: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
        data.into_iter().for_each(|id| module.data.delete(id));

        // What the part's own code names.
        let (mut functions, mut tables, mut globals) = (BTreeMap::new(), HashSet::new(), HashSet::new());
        for (function, id) in ids.iter().enumerate().filter(|(function, _)| self.place[*function] == Some(part)) {
            let FunctionKind::Local(local) = &module.funcs.get(*id).kind else { continue };
            let names = Names::of(local);
            functions.extend(names.functions.iter().map(|id| (number[id], *id)));
            tables.extend(names.tables);
            globals.extend(names.globals);
            functions.remove(&function);
        }
        for (function, id) in functions.into_iter().filter(|(function, _)| self.place[*function] != Some(part)) {
            let ty = module.funcs.get(id).ty();
            // The script's functions too come by way of the main program.
            if let FunctionKind::Import(from_script) = &module.funcs.get(id).kind {
                module.imports.delete(from_script.import);
            }
            let import = module.imports.add(FROM_MAIN, &function_name(function), ImportKind::Function(id));
            module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
            wanted.functions.insert(function);
        }
        for (table, id) in module.tables.iter().map(walrus::Table::id).enumerate().collect::<Vec<_>>() {
            module.tables.get_mut(id).elem_segments.clear();
            if tables.contains(&id) {
                let import = module.imports.add(FROM_MAIN, &table_name(table), ImportKind::Table(id));
                module.tables.get_mut(id).import = Some(import);
                wanted.tables.insert(table);
            }
        }
        for (global, id) in module.globals.iter().map(walrus::Global::id).enumerate().collect::<Vec<_>>() {
            if globals.contains(&id) {
                let import = module.imports.add(FROM_MAIN, &global_name(global), ImportKind::Global(id));
                module.globals.get_mut(id).kind = GlobalKind::Import(import);
                wanted.globals.insert(global);
            }
        }
        let memory = only_memory(&module)?;
        let import = module.imports.add(FROM_MAIN, MEMORY, ImportKind::Memory(memory));
        module.memories.get_mut(memory).import = Some(import);
        module.memories.get_mut(memory).data_segments.clear();

        let count = self.slot_count();
        let (slots, _) = module.add_import_table(FROM_MAIN, SLOTS, false, count, Some(count), RefType::FUNCREF);
        let first = i32::try_from(self.first_slot(part)).map_err(|_| failure("too many functions were moved"))?;
        let offset = ConstExpr::Value(walrus::ir::Value::I32(first));
        let items = self.slots[part].iter().map(|function| ids[*function]).collect();
        let element = module.elements.add(ElementKind::Active { table: slots, offset }, ElementItems::Functions(items));
        module.tables.get_mut(slots).elem_segments.insert(element);
        walrus::passes::gc::run(&mut module);
        if module.imports.iter().any(|import| import.module != FROM_MAIN) {
            return Err(failure("a part would import from the worker's script itself"));
        }
        Ok(module.emit_wasm())
    }
}

const SLOTS: &str = "s";
const MEMORY: &str = "m";

fn function_name(number: usize) -> String {
    format!("f{}", short(number))
}

fn table_name(number: usize) -> String {
    format!("t{}", short(number))
}

fn global_name(number: usize) -> String {
    format!("g{}", short(number))
}

/// A number in few letters: names count among the bytes.
fn short(mut number: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(DIGITS[number % DIGITS.len()]));
        number /= DIGITS.len();
        if number == 0 {
            break;
        }
    }
    letters.iter().rev().collect()
}

fn sorted(set: &HashSet<usize>) -> Vec<usize> {
    let mut list: Vec<usize> = set.iter().copied().collect();
    list.sort_unstable();
    list
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use walrus::ir::BinaryOp;

    use super::*;

    /// `name(x)`: calls what is named, adds the answers up, and adds numbers, so that it is not short.
    fn add(module: &mut Module, name: &str, called: &[FunctionId]) -> FunctionId {
        let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
        builder.name(name.to_owned());
        let x = module.locals.add(ValType::I32);
        let mut body = builder.func_body();
        body.local_get(x);
        for function in called {
            body.local_get(x).call(*function).binop(BinaryOp::I32Add);
        }
        for number in 0..6 {
            body.i32_const(number).binop(BinaryOp::I32Add);
        }
        builder.finish(vec![x], &mut module.funcs)
    }

    /// A program whose exported function calls one of the rest, which calls another, and one of the GPU, which calls what nothing else does.
    fn program() -> Vec<u8> {
        let mut module = Module::with_config(ModuleConfig::new());
        let memory = module.memories.add_local(false, false, 1, None, None);
        module.exports.add("memory", memory);
        let ty = module.types.add(&[ValType::I32], &[]);
        module.add_import_func("./worker_bg.js", "__wbg_loadPart_1", ty);
        let ty = module.types.add(&[ValType::I32], &[ValType::I32]);
        let (script, _) = module.add_import_func("./worker_bg.js", "__wbg_now_2", ty);
        let deep = add(&mut module, "deep", &[]);
        let rest = add(&mut module, "rest", &[deep]);
        let helper = add(&mut module, "helper", &[script]);
        let gpu = add(&mut module, "gpu", &[helper, deep]);
        let hot = add(&mut module, "hot", &[rest, gpu]);
        module.exports.add("hot", hot);
        module.emit_wasm()
    }

    fn plan_of(place: &dyn Fn(&str) -> Option<usize>) -> Plan<'_> {
        Plan { parts: 2, place, load: "__wbg_loadPart_" }
    }

    fn local(module: &Module) -> usize {
        module.funcs.iter_local().count()
    }

    #[test]
    fn functions_go_where_they_are_planned_and_what_only_the_last_part_calls_goes_with_it() {
        let place = |name: &str| match name {
            "hot" => None,
            "gpu" => Some(1),
            _ => Some(0),
        };
        let pieces = cut(&program(), &plan_of(&place)).unwrap();
        // rest and deep; gpu and helper. From outside: rest and gpu by the main program, deep by the GPU's part.
        assert_eq!((pieces.moved, pieces.called_from_outside), (4, 3));
        let [rest, gpu] = [0, 1].map(|part| Module::from_buffer(&pieces.parts[part]).unwrap());
        assert_eq!((local(&rest), local(&gpu)), (2, 2));
        for part in [&rest, &gpu] {
            assert!(part.imports.iter().all(|import| import.module == FROM_MAIN));
            assert_eq!((part.exports.iter().count(), part.data.iter().count(), part.elements.iter().count()), (0, 0, 1));
        }
        // deep, and the script's function that helper calls.
        assert_eq!(gpu.imports.iter().filter(|import| matches!(import.kind, ImportKind::Function(_))).count(), 2);
        // hot, three that pass a call on, and two that see to their parts.
        let main = Module::from_buffer(&pieces.main).unwrap();
        assert_eq!(local(&main), 6);
        // Each of the parts' imports is an export of the main program.
        let exports: HashSet<&str> = main.exports.iter().map(|export| export.name.as_str()).collect();
        assert!([&rest, &gpu].iter().flat_map(|part| part.imports.iter()).all(|import| exports.contains(import.name.as_str())));
        assert!(exports.contains("hot"));
    }

    #[test]
    fn a_plan_that_moves_nothing_leaves_the_program() {
        let pieces = cut(&program(), &plan_of(&|_| None)).unwrap();
        assert_eq!((pieces.moved, pieces.called_from_outside), (0, 0));
        assert_eq!(local(&Module::from_buffer(&pieces.parts[0]).unwrap()), 0);
    }

    #[test]
    fn what_cannot_be_cut_is_said() {
        assert!(cut(b"no program", &plan_of(&|_| None)).unwrap_err().0.contains("could not be read"));
        let mut module = Module::with_config(ModuleConfig::new());
        module.memories.add_local(false, false, 1, None, None);
        assert!(cut(&module.emit_wasm(), &plan_of(&|_| None)).unwrap_err().0.contains("__wbg_loadPart_"));
        assert!(cut(&program(), &plan_of(&|_| Some(2))).unwrap_err().0.contains("a part that there is not"));
    }

    #[test]
    fn marks_lie_behind_the_memory_in_use() {
        let marked = Module::from_buffer(&instrument(&program()).unwrap()).unwrap();
        assert_eq!(marked.memories.iter().next().unwrap().initial, 2);
        let names: Vec<&str> = marked.exports.iter().map(|export| export.name.as_str()).collect();
        assert!(names.contains(&MARKS) && names.contains(&MARK_COUNT), "{names:?}");
    }

    #[test]
    fn names_lose_what_changes_from_build_to_build() {
        assert_eq!(plain_name("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(plain_name("_RNvNtCs1234_4loam4read4open"), "loam::read::open");
        assert_eq!(plain_name("__wbindgen_malloc"), "__wbindgen_malloc");
    }
}
