//! Follows the imports of a group's modules to where they are defined.

use std::collections::HashMap;

use wasmparser::Instance;

use crate::component::{Component, Item};
use crate::definition::{Definition, Outside, definition};
use crate::link::{Member, Origin};
use crate::module::{CoreModule, space_of};
use crate::refusal::Refusal;

/// The modules of a group, with the origins of their imports.
pub(crate) struct Wiring<'a> {
    pub(crate) members: Vec<Member<'a>>,
    /// The functions from outside, by their numbers.
    pub(crate) outside: Vec<Outside<'a>>,
}

impl<'a> Wiring<'a> {
    pub(crate) fn of(component: &Component<'a>, members: &[u32]) -> Result<Self, Refusal> {
        let mut wiring = Self { members: Vec::new(), outside: Vec::new() };
        let mut numbers: HashMap<Outside<'a>, u32> = HashMap::new();
        for &instance in members {
            let Item::Instance(Instance::Instantiate { module_index, args }) =
                &component.items[component.instance(instance)?]
            else {
                return Err(Refusal::new("an instance has no module"));
            };
            if component.instantiations_of(*module_index) > 1 {
                return Err(Refusal::new("a core module is instantiated twice"));
            }
            let module = CoreModule::read(component.module(*module_index)?)?;
            let mut origins = Vec::with_capacity(module.imports.len());
            for import in &module.imports {
                let argument = component.position_of(instance, import.module).map(|position| &args[position]);
                let argument =
                    argument.ok_or_else(|| Refusal::new("a module is instantiated without an import"))?;
                let space = space_of(import);
                origins.push(match definition(component, members, argument.index, space, import.name)? {
                    Definition::Member { member, name } => {
                        let exporter = wiring
                            .members
                            .get(member)
                            .ok_or_else(|| Refusal::new("modules import each other"))?;
                        let (space, index) = exporter.module.export(name)?;
                        Origin::Member { member, space, index }
                    }
                    Definition::Outside(function) => {
                        let next = wiring.outside.len() as u32;
                        let number = *numbers.entry(function).or_insert(next);
                        if number == next {
                            wiring.outside.push(function);
                        }
                        Origin::Outside(number)
                    }
                });
            }
            wiring.members.push(Member { module, origins });
        }
        Ok(wiring)
    }
}
