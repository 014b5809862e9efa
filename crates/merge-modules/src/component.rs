//! A component as a list of definitions, in their order.

use std::borrow::Cow;
use std::collections::HashMap;

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Instance, Parser, Payload,
};

use crate::code::Visit;
use crate::refusal::Refusal;
use crate::space::Space;

/// A definition, or a section of definitions that need no change.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    /// A section that names no core definition by its index: types, imports, exports, and so on.
    Section {
        id: u8,
        bytes: &'a [u8],
        runs_code: bool,
    },
    /// The `component-name` section.
    Names(&'a [u8]),
    Module(&'a [u8]),
    Component(Cow<'a, [u8]>),
    Instance(Instance<'a>),
    CoreAlias {
        space: Space,
        instance: u32,
        name: &'a str,
    },
    Alias(ComponentAlias<'a>),
    Canonical(CanonicalFunction),
}

/// A component, with the item that defines each index.
#[derive(Debug, Default)]
pub(crate) struct Component<'a> {
    pub(crate) items: Vec<Item<'a>>,
    /// The items of core modules, by index.
    pub(crate) modules: Vec<usize>,
    /// The items of core instances, by index.
    pub(crate) instances: Vec<usize>,
    /// Per core instance: the positions of its exports, or of the arguments that its module gets, by name.
    named: Vec<HashMap<&'a str, usize>>,
    functions: Vec<usize>,
    tables: Vec<usize>,
    memories: Vec<usize>,
    globals: Vec<usize>,
    tags: Vec<usize>,
}

impl<'a> Component<'a> {
    /// Reads a valid component, whose nested components stay unread.
    pub(crate) fn read(wasm: &'a [u8]) -> Result<Self, Refusal> {
        let mut component = Self::default();
        // The depth in nested modules and components, which `parse_all` enters.
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            match &payload {
                Payload::ModuleSection { unchecked_range, .. } if depth == 0 => {
                    component.push(Item::Module(&wasm[unchecked_range.clone()]));
                }
                Payload::ComponentSection { unchecked_range, .. } if depth == 0 => {
                    component.push(Item::Component(wasm[unchecked_range.clone()].into()));
                }
                _ => {}
            }
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                payload => component.read_section(wasm, payload)?,
            }
        }
        Ok(component)
    }

    fn read_section(&mut self, wasm: &'a [u8], payload: Payload<'a>) -> Result<(), Refusal> {
        let mut runs_code = false;
        match payload {
            Payload::Version { .. } | Payload::End(_) => return Ok(()),
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.push(Item::Instance(instance?));
                }
                return Ok(());
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.push(match alias? {
                        ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                            Item::CoreAlias { space: Space::of(kind), instance: instance_index, name }
                        }
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. }
                        | ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => {
                            return Err(passes_modules());
                        }
                        alias => Item::Alias(alias),
                    });
                }
                return Ok(());
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    self.push(Item::Canonical(function?));
                }
                return Ok(());
            }
            Payload::ComponentImportSection(ref imports) => {
                for import in imports.clone() {
                    if matches!(import?.ty, ComponentTypeRef::Module(_)) {
                        return Err(passes_modules());
                    }
                }
            }
            Payload::ComponentExportSection(ref exports) => {
                for export in exports.clone() {
                    if export?.kind == ComponentExternalKind::Module {
                        return Err(passes_modules());
                    }
                }
            }
            Payload::ComponentInstanceSection(ref instances) => {
                for instance in instances.clone() {
                    let passes = match instance? {
                        ComponentInstance::Instantiate { args, .. } => {
                            runs_code = true;
                            args.iter().any(|argument| argument.kind == ComponentExternalKind::Module)
                        }
                        ComponentInstance::FromExports(exports) => {
                            exports.iter().any(|export| export.kind == ComponentExternalKind::Module)
                        }
                    };
                    if passes {
                        return Err(passes_modules());
                    }
                }
            }
            Payload::ComponentStartSection { .. } => runs_code = true,
            Payload::CustomSection(ref custom) if custom.name() == "component-name" => {
                self.push(Item::Names(custom.data()));
                return Ok(());
            }
            _ => {}
        }
        let Some((id, range)) = payload.as_section() else {
            return Err(Refusal::new("it has a section that is not understood"));
        };
        self.push(Item::Section { id, bytes: &wasm[range], runs_code });
        Ok(())
    }

    fn push(&mut self, item: Item<'a>) {
        let position = self.items.len();
        match &item {
            Item::Module(_) => self.modules.push(position),
            Item::Instance(instance) => {
                self.instances.push(position);
                self.named.push(match instance {
                    Instance::FromExports(exports) => by_name(exports.iter().map(|export| export.name)),
                    Instance::Instantiate { args, .. } => by_name(args.iter().map(|argument| argument.name)),
                });
            }
            Item::CoreAlias { space, .. } => self.space_mut(*space).push(position),
            Item::Canonical(function) if !matches!(function, CanonicalFunction::Lift { .. }) => {
                self.functions.push(position);
            }
            _ => {}
        }
        self.items.push(item);
    }

    fn space_mut(&mut self, space: Space) -> &mut Vec<usize> {
        match space {
            Space::Function => &mut self.functions,
            Space::Table => &mut self.tables,
            Space::Memory => &mut self.memories,
            Space::Global => &mut self.globals,
            Space::Tag => &mut self.tags,
        }
    }

    /// The item that defines a core definition.
    pub(crate) fn defined_by(&self, space: Space, index: u32) -> Result<usize, Refusal> {
        let items = match space {
            Space::Function => &self.functions,
            Space::Table => &self.tables,
            Space::Memory => &self.memories,
            Space::Global => &self.globals,
            Space::Tag => &self.tags,
        };
        items.get(index as usize).copied().ok_or_else(|| Refusal::new("an index has no definition"))
    }

    /// The item that defines a core instance.
    pub(crate) fn instance(&self, index: u32) -> Result<usize, Refusal> {
        self.instances
            .get(index as usize)
            .copied()
            .ok_or_else(|| Refusal::new("an instance has no definition"))
    }

    /// The position of an export of a core instance, or of an argument that its module gets.
    pub(crate) fn position_of(&self, instance: u32, name: &str) -> Option<usize> {
        self.named.get(instance as usize)?.get(name).copied()
    }

    /// The bytes of a core module.
    pub(crate) fn module(&self, index: u32) -> Result<&'a [u8], Refusal> {
        match self.modules.get(index as usize).map(|&position| &self.items[position]) {
            Some(Item::Module(bytes)) => Ok(bytes),
            _ => Err(Refusal::new("a module has no definition")),
        }
    }

    /// The number of instances of a core module.
    pub(crate) fn instantiations_of(&self, module: u32) -> usize {
        let of_it = |item: &Item<'a>| matches!(item, Item::Instance(Instance::Instantiate { module_index, .. }) if *module_index == module);
        self.instances.iter().filter(|&&position| of_it(&self.items[position])).count()
    }

    /// The items whose core definitions an item names by index.
    pub(crate) fn references(&self, item: &Item<'a>) -> Result<Vec<usize>, Refusal> {
        let mut found = Vec::new();
        match item {
            Item::CoreAlias { instance, .. } => found.push(self.instance(*instance)?),
            Item::Instance(Instance::FromExports(exports)) => {
                for export in exports {
                    found.push(self.defined_by(Space::of(export.kind), export.index)?);
                }
            }
            Item::Instance(Instance::Instantiate { args, .. }) => {
                for argument in args {
                    found.push(self.instance(argument.index)?);
                }
            }
            Item::Canonical(function) => {
                let mut named = Vec::new();
                Visit::new(|space, index| {
                    named.push((space, index));
                    Ok(index)
                })
                .canonical(function.clone())?;
                for (space, index) in named {
                    found.push(self.defined_by(space, index)?);
                }
            }
            Item::Section { .. } | Item::Names(_) | Item::Module(_) | Item::Component(_) | Item::Alias(_) => {
            }
        }
        Ok(found)
    }

    /// The components in it.
    pub(crate) fn nested_mut(&mut self) -> impl Iterator<Item = &mut Cow<'a, [u8]>> {
        self.items.iter_mut().filter_map(|item| match item {
            Item::Component(bytes) => Some(bytes),
            _ => None,
        })
    }
}

fn by_name<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(position, name)| (name, position)).collect()
}

fn passes_modules() -> Refusal {
    Refusal::new("it passes core modules between components")
}
