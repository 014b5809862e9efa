//! Writes a component anew, with one module in place of a group's.
//!
//! Definitions that depend on the group and stand before its last instance move behind the merged one. They only give
//! names to things, so their order has no effect. Definitions that nothing needs any more are left out.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use wasm_encoder::reencode::{ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{ComponentNameSection, Encode};
use wasmparser::{
    BinaryReader, CanonicalFunction, ComponentName, ComponentNameSectionReader, Import, Instance,
};

use crate::component::{Component, Item};
use crate::definition::Outside;
use crate::group::Group;
use crate::link::{self, Export, OUTSIDE};
use crate::module::{imports_by_module, space_of};
use crate::refusal::Refusal;
use crate::space::Space;
use crate::wiring::Wiring;
use crate::writer::Writer;

/// The section ID of custom sections.
const CUSTOM: u8 = 0;

/// Returns the component with one module in place of the group's.
pub(crate) fn merged(component: &Component<'_>, group: &Group) -> Result<Vec<u8>, Refusal> {
    let wiring = Wiring::of(component, &group.members)?;
    let needed = needed(component, group, &wiring)?;
    let dropped = dropped(component, group)?;
    let exports = Exports::of(component, group, &wiring, &dropped, &needed)?;
    let module = link::link(&wiring.members, wiring.outside.len() as u32, &exports.list)?;
    let mut rewrite = Rewrite::new(component, &group.members, exports.names);
    let mut moved = Vec::new();
    for (position, item) in component.items.iter().enumerate() {
        if position == group.last {
            rewrite.add_merged(&module, &wiring)?;
            for position in moved.drain(..) {
                rewrite.add(position)?;
            }
        } else if dropped.contains(&position) || !needed[position] {
            // The merged module takes its place, or nothing uses it.
        } else if position < group.last && rewrite.waits(item)? {
            if !is_name(item) {
                return Err(Refusal::new("something uses a module before a later one is instantiated"));
            }
            moved.push(position);
        } else {
            rewrite.add(position)?;
        }
    }
    Ok(rewrite.writer.finish())
}

/// Returns the component with its nested components as they are now.
pub(crate) fn unmerged(component: &Component<'_>) -> Result<Vec<u8>, Refusal> {
    let mut rewrite = Rewrite::new(component, &[], HashMap::new());
    for position in 0..component.items.len() {
        rewrite.add(position)?;
    }
    Ok(rewrite.writer.finish())
}

/// Whether an item only gives a core definition a name or a form: no code runs for it, and it counts only for those that
/// use it.
fn is_name(item: &Item<'_>) -> bool {
    match item {
        Item::CoreAlias { .. } | Item::Instance(Instance::FromExports(_)) => true,
        Item::Canonical(function) => !matches!(function, CanonicalFunction::Lift { .. }),
        _ => false,
    }
}

/// The items of the group's instances and modules.
fn dropped(component: &Component<'_>, group: &Group) -> Result<HashSet<usize>, Refusal> {
    let mut items = HashSet::new();
    for &member in &group.members {
        let position = component.instance(member)?;
        items.insert(position);
        if let Item::Instance(Instance::Instantiate { module_index, .. }) = &component.items[position] {
            items.insert(component.modules[*module_index as usize]);
        }
    }
    Ok(items)
}

/// Per item: whether something uses it when the group is merged.
fn needed(component: &Component<'_>, group: &Group, wiring: &Wiring<'_>) -> Result<Vec<bool>, Refusal> {
    let mut needed = vec![false; component.items.len()];
    let members: HashSet<usize> =
        group.members.iter().map(|&member| component.instance(member)).collect::<Result<_, _>>()?;
    let mut found: Vec<usize> =
        (0..component.items.len()).filter(|&position| !is_name(&component.items[position])).collect();
    for function in &wiring.outside {
        found.extend(match function {
            Outside::Canonical(position) => Some(*position),
            Outside::Export { .. } => None,
        });
    }
    while let Some(position) = found.pop() {
        if !std::mem::replace(&mut needed[position], true) && !members.contains(&position) {
            found.extend(component.references(&component.items[position])?);
        }
    }
    Ok(needed)
}

/// What the merged module exports, because something else uses it.
struct Exports<'a> {
    list: Vec<Export>,
    /// The new names, by instance and old name.
    names: HashMap<(u32, &'a str), String>,
}

impl<'a> Exports<'a> {
    fn of(
        component: &Component<'a>,
        group: &Group,
        wiring: &Wiring<'a>,
        dropped: &HashSet<usize>,
        needed: &[bool],
    ) -> Result<Self, Refusal> {
        let mut exports = Self { list: Vec::new(), names: HashMap::new() };
        let mut taken = HashSet::new();
        // How often each name was used before.
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for (position, item) in component.items.iter().enumerate() {
            if dropped.contains(&position) || !needed[position] {
                continue;
            }
            let mut used = Vec::new();
            match item {
                Item::CoreAlias { instance, name, .. } => used.push((*instance, *name)),
                Item::Instance(Instance::Instantiate { module_index, args }) => {
                    let is_member = |index: u32| group.members.binary_search(&index).is_ok();
                    if args.iter().any(|argument| is_member(argument.index)) {
                        let imports = imports_by_module(component.module(*module_index)?)?;
                        for argument in args.iter().filter(|argument| is_member(argument.index)) {
                            let imports = imports.get(argument.name).into_iter().flatten();
                            used.extend(imports.map(|import| (argument.index, import.name)));
                        }
                    }
                }
                _ => {}
            }
            for (instance, old) in used {
                let Ok(member) = group.members.binary_search(&instance) else { continue };
                if exports.names.contains_key(&(instance, old)) {
                    continue;
                }
                let (space, index) = wiring.members[member].module.export(old)?;
                let before = uses.entry(old).or_default();
                let mut name = old.to_owned() + &"'".repeat(*before);
                *before += 1;
                while !taken.insert(name.clone()) {
                    name.push('\'');
                }
                exports.names.insert((instance, old), name.clone());
                exports.list.push(Export { name, member, space, index });
            }
        }
        Ok(exports)
    }
}

/// A component that is being written from another.
struct Rewrite<'a, 'c> {
    component: &'c Component<'a>,
    writer: Writer,
    /// The instances that are merged.
    members: &'c [u32],
    /// The merged instance.
    merged: Option<u32>,
    names: HashMap<(u32, &'a str), String>,
    /// The new index of what each item defines.
    places: Vec<Option<u32>>,
}

impl<'a, 'c> Rewrite<'a, 'c> {
    fn new(component: &'c Component<'a>, members: &'c [u32], names: HashMap<(u32, &'a str), String>) -> Self {
        let places = vec![None; component.items.len()];
        Self { component, writer: Writer::default(), members, merged: None, names, places }
    }

    /// Whether an item uses something that is not written yet.
    fn waits(&self, item: &Item<'a>) -> Result<bool, Refusal> {
        Ok(self.component.references(item)?.into_iter().any(|used| self.places[used].is_none()))
    }

    fn add_merged(&mut self, module: &[u8], wiring: &Wiring<'a>) -> Result<(), Refusal> {
        let mut exports = Vec::with_capacity(wiring.outside.len());
        for (number, function) in wiring.outside.iter().enumerate() {
            let (space, index) = match *function {
                Outside::Canonical(position) => (Space::Function, self.place(position)?),
                Outside::Export { instance, space, name } => {
                    let instance = self.place(self.component.instance(instance)?)?;
                    (space, self.writer.core_alias(space, instance, name))
                }
            };
            exports.push((Cow::Owned(number.to_string()), space, index));
        }
        let outside = self.writer.bundle(&exports);
        let module = self.writer.module(module);
        self.merged = Some(self.writer.instantiate(module, &[(OUTSIDE, outside)]));
        Ok(())
    }

    fn add(&mut self, position: usize) -> Result<(), Refusal> {
        let component = self.component;
        self.places[position] = match &component.items[position] {
            Item::Section { id, bytes, .. } => {
                self.writer.section(*id, bytes);
                None
            }
            Item::Names(bytes) => {
                self.writer.section(CUSTOM, &component_names(bytes));
                None
            }
            Item::Component(bytes) => {
                self.writer.component(bytes);
                None
            }
            Item::Alias(alias) => {
                self.writer.alias(alias.clone())?;
                None
            }
            Item::Module(bytes) => Some(self.writer.module(bytes)),
            Item::CoreAlias { space, instance, name } => Some(self.add_alias(*space, *instance, name)?),
            Item::Instance(Instance::FromExports(exports)) => {
                let mut placed = Vec::with_capacity(exports.len());
                for export in exports {
                    let space = Space::of(export.kind);
                    let defined = component.defined_by(space, export.index)?;
                    placed.push((Cow::Borrowed(export.name), space, self.place(defined)?));
                }
                Some(self.writer.bundle(&placed))
            }
            Item::Instance(Instance::Instantiate { module_index, args }) => {
                let mut placed = Vec::with_capacity(args.len());
                let imports = if args.iter().any(|argument| self.is_member(argument.index)) {
                    imports_by_module(component.module(*module_index)?)?
                } else {
                    HashMap::new()
                };
                for argument in args {
                    let instance = if self.is_member(argument.index) {
                        let imports = imports.get(argument.name).map(Vec::as_slice).unwrap_or_default();
                        self.part_of_merged(imports, argument.index)?
                    } else {
                        self.place(component.instance(argument.index)?)?
                    };
                    placed.push((argument.name, instance));
                }
                let module = self.place(component.modules[*module_index as usize])?;
                Some(self.writer.instantiate(module, &placed))
            }
            Item::Canonical(function) => {
                let places = &self.places;
                self.writer.canonical(function.clone(), |space, index| {
                    place(places, component.defined_by(space, index)?)
                })?
            }
        };
        Ok(())
    }

    fn add_alias(&mut self, space: Space, instance: u32, name: &str) -> Result<u32, Refusal> {
        if !self.is_member(instance) {
            let instance = self.place(self.component.instance(instance)?)?;
            return Ok(self.writer.core_alias(space, instance, name));
        }
        let (Some(merged), Some(name)) = (self.merged, self.names.get(&(instance, name))) else {
            return Err(not_written());
        };
        Ok(self.writer.core_alias(space, merged, name))
    }

    /// An instance with what a module imports of a merged one.
    fn part_of_merged(&mut self, imports: &[Import<'a>], member: u32) -> Result<u32, Refusal> {
        let mut exports = Vec::new();
        let mut names = HashSet::new();
        for import in imports {
            if names.insert(import.name) {
                let space = space_of(import);
                let index = self.add_alias(space, member, import.name)?;
                exports.push((Cow::Borrowed(import.name), space, index));
            }
        }
        Ok(self.writer.bundle(&exports))
    }

    fn is_member(&self, instance: u32) -> bool {
        self.members.binary_search(&instance).is_ok()
    }

    fn place(&self, position: usize) -> Result<u32, Refusal> {
        place(&self.places, position)
    }
}

fn place(places: &[Option<u32>], position: usize) -> Result<u32, Refusal> {
    places[position].ok_or_else(not_written)
}

fn not_written() -> Refusal {
    Refusal::new("a definition is used before it is written")
}

/// The names of a component's definitions, without those of core definitions, whose indexes change.
fn component_names(bytes: &[u8]) -> Vec<u8> {
    let mut names = ComponentNameSection::new();
    for name in ComponentNameSectionReader::new(BinaryReader::new(bytes, 0)).flatten() {
        match name {
            ComponentName::Component { .. }
            | ComponentName::CoreTypes(_)
            | ComponentName::Types(_)
            | ComponentName::Instances(_)
            | ComponentName::Components(_)
            | ComponentName::Funcs(_)
            | ComponentName::Values(_) => {
                // Damaged names are left out: nothing depends on them.
                let _ = RoundtripReencoder.parse_custom_component_name_subsection(&mut names, name);
            }
            _ => {}
        }
    }
    let mut section = Vec::new();
    "component-name".encode(&mut section);
    section.extend_from_slice(&names.as_custom().data);
    section
}
