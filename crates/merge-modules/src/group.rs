//! Chooses the core instances that can become one.
//!
//! The instances of a group follow each other. The merged instance takes the place of the last one: by then all that
//! they import is defined. So nothing that runs code, and nothing that a component-level definition depends on, may
//! stand between the first and the last.
//!
//! An instance that imports a host function with the group's memory or allocator begins a new group: such a function
//! cannot exist before the memory does. wit-component's fixup module is one. Its shim module, whose functions call those
//! in a table that the fixup module fills, stays out of all groups.

use wasmparser::{CanonicalFunction, Instance, InstantiationArg, Parser, Payload};

use crate::component::{Component, Item};
use crate::definition::{Definition, definition};
use crate::module::{imports_of, space_of};
use crate::refusal::Refusal;
use crate::space::Space;

/// Core instances that become one.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Their indexes, in ascending order. Two at least.
    pub(crate) members: Vec<u32>,
    /// The item of the last one.
    pub(crate) last: usize,
}

/// How an item depends on the current group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dependence {
    None,
    /// On what a member exports.
    Export,
    /// On a host function that needs what a member exports.
    HostFunction,
}

/// The group with the most members, if one has two.
pub(crate) fn largest(component: &Component<'_>) -> Option<Group> {
    // Whatever is not understood ends a group.
    let groups = groups(component).ok()?;
    groups.into_iter().filter(|group| group.members.len() > 1).max_by_key(|group| {
        // Of two equal ones, the first.
        (group.members.len(), usize::MAX - group.last)
    })
}

fn groups(component: &Component<'_>) -> Result<Vec<Group>, Refusal> {
    let mut ended = Vec::new();
    let mut group = Group::default();
    // Per item. What depends on an earlier group depends on nothing in this one.
    let mut dependences = vec![Dependence::None; component.items.len()];
    let mut next_instance = 0;
    for (position, item) in component.items.iter().enumerate() {
        let references = component.references(item)?;
        let dependence = references.iter().map(|&on| dependences[on]).max().unwrap_or(Dependence::None);
        let mut end = |group: &mut Group, dependences: &mut [Dependence]| {
            ended.push(std::mem::take(group));
            dependences[..position].fill(Dependence::None);
        };
        match item {
            Item::Section { runs_code: true, .. } => end(&mut group, &mut dependences),
            Item::Canonical(CanonicalFunction::Lift { .. }) if dependence > Dependence::None => {
                end(&mut group, &mut dependences);
            }
            Item::Canonical(_) if dependence > Dependence::None => {
                dependences[position] = Dependence::HostFunction;
            }
            Item::Instance(Instance::Instantiate { module_index, args }) => {
                let module = component.module(*module_index)?;
                if is_shim(module)? {
                    // Runs nothing and imports nothing, so it may stand anywhere.
                } else if shares_with_others(component, &group, next_instance, module, args)? {
                    end(&mut group, &mut dependences);
                } else {
                    if dependence == Dependence::HostFunction {
                        end(&mut group, &mut dependences);
                    }
                    group.members.push(next_instance);
                    group.last = position;
                    dependences[position] = Dependence::Export;
                }
            }
            _ => dependences[position] = dependence,
        }
        if matches!(item, Item::Instance(_)) {
            next_instance += 1;
        }
    }
    ended.push(group);
    Ok(ended)
}

/// Whether a module imports a memory, a table or a global from outside the group: it could be merged only with its owner.
fn shares_with_others<'a>(
    component: &Component<'a>,
    group: &Group,
    instance: u32,
    module: &'a [u8],
    arguments: &[InstantiationArg<'a>],
) -> Result<bool, Refusal> {
    for import in imports_of(module)? {
        let space = space_of(&import);
        if space != Space::Function
            && let Some(argument) = component.position_of(instance, import.module)
            && let Definition::Outside(_) =
                definition(component, &group.members, arguments[argument].index, space, import.name)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a module only holds a table of functions: it has functions and a table that it exports, and nothing else.
fn is_shim(module: &[u8]) -> Result<bool, Refusal> {
    let mut has_table = false;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TableSection(tables) => has_table = tables.count() > 0,
            Payload::ImportSection(imports) if imports.count() == 0 => {}
            Payload::ImportSection(_)
            | Payload::MemorySection(_)
            | Payload::GlobalSection(_)
            | Payload::TagSection(_)
            | Payload::StartSection { .. }
            | Payload::ElementSection(_)
            | Payload::DataSection(_) => return Ok(false),
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    Ok(has_table)
}
