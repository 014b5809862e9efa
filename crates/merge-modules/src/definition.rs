//! Follows an export of a core instance to where it is defined.

use wasmparser::Instance;

use crate::component::{Component, Item};
use crate::refusal::Refusal;
use crate::space::Space;

/// A function that the merged module imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outside<'a> {
    /// A canonical function: its item.
    Canonical(usize),
    /// An export of another core instance.
    Export { instance: u32, space: Space, name: &'a str },
}

/// Where an export of an instance comes from.
pub(crate) enum Definition<'a> {
    Member { member: usize, name: &'a str },
    Outside(Outside<'a>),
}

/// How often a definition may be passed on. Tools do so once or twice.
const MAX_STEPS: usize = 100;

/// Finds what an instance exports. `members` are the instances of the group, in order.
pub(crate) fn definition<'a>(
    component: &Component<'a>,
    members: &[u32],
    instance: u32,
    space: Space,
    name: &'a str,
) -> Result<Definition<'a>, Refusal> {
    let (mut instance, mut space, mut name) = (instance, space, name);
    // Each step leads to an earlier definition. A long way for each of many imports would take too long.
    for _ in 0..MAX_STEPS {
        match &component.items[component.instance(instance)?] {
            Item::Instance(Instance::Instantiate { .. }) => {
                return Ok(match members.binary_search(&instance) {
                    Ok(member) => Definition::Member { member, name },
                    Err(_) => Definition::Outside(Outside::Export { instance, space, name }),
                });
            }
            Item::Instance(Instance::FromExports(exports)) => {
                let export = component.position_of(instance, name).map(|position| &exports[position]);
                let export =
                    export.ok_or_else(|| Refusal::new(format!("an instance has no export `{name}`")))?;
                let position = component.defined_by(Space::of(export.kind), export.index)?;
                match &component.items[position] {
                    Item::CoreAlias { space: aliased, instance: of, name: export } => {
                        (instance, space, name) = (*of, *aliased, *export);
                    }
                    _ => return Ok(Definition::Outside(Outside::Canonical(position))),
                }
            }
            _ => return Err(Refusal::new("an instance has no definition")),
        }
    }
    Err(Refusal::new("a definition is passed on too often"))
}
