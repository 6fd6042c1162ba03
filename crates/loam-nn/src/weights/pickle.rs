//! The pickle of a PyTorch state dict, read as data (opcodes: Python's `pickletools`; what PyTorch writes: `torch/serialization.py`).
//!
//! A pickle is a program for a stack machine that may call any Python function. Here nothing is ever called: only the opcodes that state
//! dicts use are known, a global is one of [`Global`], and REDUCE notes what would be called with which arguments. Objects lie in one
//! list and name each other by index, so shared and even circular ones cost nothing and no walk recurses. Each opcode makes at most one
//! object, so memory is bounded by the pickle's length, and that by [`LONGEST`].

use std::collections::BTreeMap;

use super::stored::Number;
use crate::ModelError;
use crate::error::{shortened, unreadable};

/// Longest pickle read, bytes. SMEN's state dict takes 3 kB, a checkpoint with its optimizer's state 10 kB.
const LONGEST: usize = 1 << 20;

/// Place of an object in [`Pickle::objects`].
pub(crate) type Place = usize;
/// Keys and values of a dict.
pub(crate) type Pairs = [(Place, Place)];

/// The functions and classes that a state dict names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    Tensor,
    /// `torch._utils._rebuild_parameter`.
    Parameter,
    /// `torch.FloatStorage` and its like.
    Storage(Number),
}

impl Global {
    fn known(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::Tensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::Parameter),
            ("torch", name) => Number::from_storage(name).map(Self::Storage),
            _ => None,
        }
    }
}

/// A Python object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Tuple(Vec<Place>),
    List(Vec<Place>),
    /// Keys and values in the order in which they were set; a later key replaces an equal one.
    Dict(Vec<(Place, Place)>),
    Global(Global),
    /// A persistent id: PyTorch's reference to a storage.
    Persistent(Place),
    /// What would be called, and with which arguments (a tuple).
    Call(Global, Place),
}

/// All objects of a pickle.
#[derive(Debug)]
pub(crate) struct Pickle<'a> {
    objects: Vec<Object<'a>>,
    /// The object that the pickle stands for.
    pub top: Place,
}

impl<'a> Pickle<'a> {
    /// Runs the machine.
    ///
    /// # Errors
    /// [`ModelError::PickledObject`] where it names anything but [`Global`]s, [`ModelError::UnreadableWeights`] where it is cut off,
    /// uses an opcode that state dicts do not, or is longer than [`LONGEST`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, ModelError> {
        if bytes.len() > LONGEST {
            return Err(unreadable(format!(
                "its pickle has {} bytes, where a state dict of SMEN needs a few thousand",
                bytes.len()
            )));
        }
        let mut machine = Machine {
            rest: bytes,
            objects: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
        };
        let top = machine.run()?;
        Ok(Self { objects: machine.objects, top })
    }

    /// The object at a place.
    pub fn get(&self, place: Place) -> &Object<'a> {
        self.objects.get(place).unwrap_or(&Object::None)
    }

    /// A text.
    pub fn text(&self, place: Place) -> Option<&'a str> {
        if let Object::Text(text) = self.get(place) { Some(text) } else { None }
    }

    /// A tuple or list.
    pub fn items(&self, place: Place) -> Option<&[Place]> {
        if let Object::Tuple(items) | Object::List(items) = self.get(place) { Some(items) } else { None }
    }

    /// A dict.
    pub fn dict(&self, place: Place) -> Option<&Pairs> {
        if let Object::Dict(pairs) = self.get(place) { Some(pairs) } else { None }
    }

    /// A count or an index: an int that is not negative.
    pub fn count(&self, place: Place) -> Option<usize> {
        if let Object::Int(value) = self.get(place) { usize::try_from(*value).ok() } else { None }
    }
}

/// Python's stack machine, as far as state dicts use it.
struct Machine<'a> {
    rest: &'a [u8],
    objects: Vec<Object<'a>>,
    stack: Vec<Place>,
    /// Heights of the stack where MARK was called.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Place>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Place, ModelError> {
        loop {
            let [opcode] = self.array()?;
            match opcode {
                0x80 => self.protocol()?,
                0x95 => drop(self.take(8)?), // FRAME: a hint for readers of streams
                b'.' => return self.pop(),
                b'(' => self.marks.push(self.stack.len()),
                b'N' => self.push(Object::None),
                0x88 => self.push(Object::Bool(true)),
                0x89 => self.push(Object::Bool(false)),
                b'K' => self.int::<1>(|[byte]| byte.into())?,
                b'M' => self.int(|bytes| u16::from_le_bytes(bytes).into())?,
                b'J' => self.int(|bytes| i32::from_le_bytes(bytes).into())?,
                0x8a => self.long()?,
                b'G' => {
                    let value = f64::from_be_bytes(self.array()?);
                    self.push(Object::Float(value));
                }
                b'X' => {
                    let length = u32::from_le_bytes(self.array()?);
                    self.text(length)?;
                }
                0x8c => {
                    let [length] = self.array()?;
                    self.text(length.into())?;
                }
                b'}' => self.push(Object::Dict(Vec::new())),
                b']' => self.push(Object::List(Vec::new())),
                b')' => self.push(Object::Tuple(Vec::new())),
                b't' => {
                    let items = self.pop_to_mark()?;
                    self.push(Object::Tuple(items));
                }
                0x85..=0x87 => {
                    let mut items = (0x85..=opcode).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                    items.reverse();
                    self.push(Object::Tuple(items));
                }
                b'a' => {
                    let item = self.pop()?;
                    self.append(&[item])?;
                }
                b'e' => {
                    let items = self.pop_to_mark()?;
                    self.append(&items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set(&[key, value])?;
                }
                b'u' => {
                    let items = self.pop_to_mark()?;
                    self.set(&items)?;
                }
                b'q' => {
                    let [key] = self.array()?;
                    self.remember(key.into())?;
                }
                b'r' => {
                    let key = u32::from_le_bytes(self.array()?);
                    self.remember(key)?;
                }
                0x94 => self.remember(self.memo.len() as u32)?,
                b'h' => {
                    let [key] = self.array()?;
                    self.recall(key.into())?;
                }
                b'j' => {
                    let key = u32::from_le_bytes(self.array()?);
                    self.recall(key)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.global(module, name)?;
                }
                0x93 => {
                    let (name, module) = (self.pop_text()?, self.pop_text()?);
                    self.global(module, name)?;
                }
                b'Q' => {
                    let id = self.pop()?;
                    self.push(Object::Persistent(id));
                }
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                _ => {
                    return Err(unreadable(format!(
                        "its pickle uses the opcode 0x{opcode:02x}, which no state dict needs"
                    )));
                }
            }
        }
    }

    fn protocol(&mut self) -> Result<(), ModelError> {
        match self.array()? {
            [2..=5] => Ok(()),
            [other] => Err(unreadable(format!("its pickle has protocol {other}, where PyTorch writes 2"))),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ModelError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| unreadable("its pickle is cut off"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        self.take(N)?.first_chunk().copied().ok_or_else(|| unreadable("its pickle is cut off"))
    }

    /// Up to a newline, which is passed over.
    fn line(&mut self) -> Result<&'a str, ModelError> {
        let length = self
            .rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or_else(|| unreadable("its pickle is cut off"))?;
        let line = utf8(self.take(length)?)?;
        self.take(1)?;
        Ok(line)
    }

    fn push(&mut self, object: Object<'a>) {
        self.stack.push(self.objects.len());
        self.objects.push(object);
    }

    fn pop(&mut self) -> Result<Place, ModelError> {
        if self.stack.len() <= self.marks.last().copied().unwrap_or_default() {
            return Err(damaged());
        }
        self.stack.pop().ok_or_else(damaged)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Place>, ModelError> {
        let height = self.marks.pop().ok_or_else(damaged)?;
        Ok(self.stack.split_off(height.min(self.stack.len())))
    }

    fn pop_text(&mut self) -> Result<&'a str, ModelError> {
        let place = self.pop()?;
        if let Some(Object::Text(text)) = self.objects.get(place) { Ok(text) } else { Err(damaged()) }
    }

    /// The object on top of the stack, which stays there.
    fn top(&mut self) -> Result<&mut Object<'a>, ModelError> {
        let place = self.pop()?;
        self.stack.push(place);
        self.objects.get_mut(place).ok_or_else(damaged)
    }

    fn int<const N: usize>(&mut self, decode: fn([u8; N]) -> i64) -> Result<(), ModelError> {
        let value = decode(self.array()?);
        self.push(Object::Int(value));
        Ok(())
    }

    /// LONG1: two's complement of any length; eight bytes hold all that occurs.
    fn long(&mut self) -> Result<(), ModelError> {
        let [length] = self.array()?;
        let bytes = self.take(length.into())?;
        let mut wide = [if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xff } else { 0 }; 8];
        wide.get_mut(..bytes.len()).ok_or_else(damaged)?.copy_from_slice(bytes);
        self.push(Object::Int(i64::from_le_bytes(wide)));
        Ok(())
    }

    fn text(&mut self, length: u32) -> Result<(), ModelError> {
        let text = utf8(self.take(length as usize)?)?;
        self.push(Object::Text(text));
        Ok(())
    }

    fn append(&mut self, items: &[Place]) -> Result<(), ModelError> {
        let Object::List(list) = self.top()? else { return Err(damaged()) };
        list.extend(items);
        Ok(())
    }

    fn set(&mut self, items: &[Place]) -> Result<(), ModelError> {
        let (pairs, []) = items.as_chunks::<2>() else { return Err(damaged()) };
        let Object::Dict(dict) = self.top()? else { return Err(damaged()) };
        dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
        Ok(())
    }

    fn remember(&mut self, key: u32) -> Result<(), ModelError> {
        let place = self.pop()?;
        self.stack.push(place);
        self.memo.insert(key, place);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), ModelError> {
        self.stack.push(*self.memo.get(&key).ok_or_else(damaged)?);
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<(), ModelError> {
        let global = Global::known(module, name)
            .ok_or_else(|| ModelError::PickledObject { name: shortened(&format!("{module}.{name}")) })?;
        self.push(Object::Global(global));
        Ok(())
    }

    fn reduce(&mut self) -> Result<(), ModelError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Some(Object::Global(global)) = self.objects.get(function) else { return Err(damaged()) };
        let called = match (global, self.objects.get(arguments)) {
            // Its items follow as SETITEMS.
            (Global::OrderedDict, Some(Object::Tuple(items))) if items.is_empty() => Object::Dict(Vec::new()),
            (Global::Tensor | Global::Parameter, Some(Object::Tuple(_))) => Object::Call(*global, arguments),
            _ => return Err(damaged()),
        };
        self.push(called);
        Ok(())
    }

    /// Attributes of an object. A state dict has one, `_metadata` (versions of its modules), which changes no tensor.
    fn build(&mut self) -> Result<(), ModelError> {
        self.pop()?;
        if let Object::Dict(_) = self.top()? { Ok(()) } else { Err(damaged()) }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, ModelError> {
    std::str::from_utf8(bytes).map_err(|_| damaged())
}

fn damaged() -> ModelError {
    unreadable("its pickle is damaged: no Python would write it so")
}
