//! Merges the core modules of a component into one.
//!
//! Language runtimes (Python, JavaScript) link a component from many core modules that share a memory and a table. A host
//! that instantiates them resolves thousands of imports and sets thousands of table elements, every time. In one module
//! they are resolved once, here.
//!
//! The merged component has the same imports, exports and effects. Whatever this crate cannot prove to keep its meaning
//! stays as it is. Pure: no I/O, no clock; the same bytes give the same result, and a merged component stays as it is.
//!
//! [`component`] reads a component as a list of definitions, [`group`] chooses the instances to merge, [`wiring`] follows
//! their imports, [`link`] builds the module, and [`rewrite`] writes the component around it.

mod code;
mod component;
mod constant;
mod definition;
mod group;
mod link;
mod module;
mod names;
mod refusal;
mod rewrite;
mod space;
mod wiring;
mod writer;

use wasmparser::{Parser, Validator};

pub use refusal::Refusal;

use crate::component::Component;

/// How deep components may be nested.
const MAX_DEPTH: usize = 16;

/// A component whose modules were merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The new component.
    pub wasm: Vec<u8>,
    /// The number of core modules that were merged.
    pub from: usize,
    /// The number of core modules that they became: one for each nested component that had several.
    pub into: usize,
}

/// Merges the modules of a component, and of each component in it.
///
/// Returns `None` if there is nothing to merge: a core module, a component with one module, a merged component.
/// Fails if it must stay as it is, because its shape is not understood; the component may still be usable.
pub fn merge(wasm: &[u8]) -> Result<Option<Merged>, Refusal> {
    if !Parser::is_component(wasm) {
        return Ok(None);
    }
    // What follows relies on valid indexes.
    Validator::new().validate_all(wasm)?;
    let mut tally = Tally::default();
    let Some(merged) = merge_component(wasm, &mut tally, 0)? else {
        return match tally.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(None),
        };
    };
    Validator::new()
        .validate_all(&merged)
        .map_err(|error| Refusal::new(format!("the merged component would not be valid: {error}")))?;
    Ok(Some(Merged { wasm: merged, from: tally.from, into: tally.into }))
}

/// What was merged so far.
#[derive(Default)]
struct Tally {
    from: usize,
    into: usize,
    /// The first refusal. It concerns one component; others in it or around it may still be merged.
    refusal: Option<Refusal>,
}

/// Merges one component and those in it. Returns `None` if it stays as it is.
fn merge_component(wasm: &[u8], tally: &mut Tally, depth: usize) -> Result<Option<Vec<u8>>, Refusal> {
    if depth > MAX_DEPTH {
        return Err(Refusal::new(format!("components are nested more than {MAX_DEPTH} deep")));
    }
    let mut component = Component::read(wasm)?;
    let mut changed = false;
    for nested in component.nested_mut() {
        if let Some(merged) = merge_component(nested, tally, depth + 1)? {
            *nested = merged.into();
            changed = true;
        }
    }
    match group::largest(&component)
        .map(|group| rewrite::merged(&component, &group).map(|wasm| (wasm, group)))
    {
        Some(Ok((wasm, group))) => {
            tally.from += group.members.len();
            tally.into += 1;
            Ok(Some(wasm))
        }
        Some(Err(refusal)) => {
            tally.refusal.get_or_insert(refusal);
            if changed { rewrite::unmerged(&component).map(Some) } else { Ok(None) }
        }
        None if changed => rewrite::unmerged(&component).map(Some),
        None => Ok(None),
    }
}
