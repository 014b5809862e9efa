//! Writes a component definition by definition, and counts the core indexes that they get.

use std::borrow::Cow;

use wasm_encoder::reencode::{ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ExportKind, InstanceSection,
    ModuleArg, RawSection,
};
use wasmparser::{CanonicalFunction, ComponentAlias};

use crate::code::Visit;
use crate::refusal::Refusal;
use crate::space::Space;

/// The section that definitions are appended to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Open {
    #[default]
    None,
    Aliases,
    Canonicals,
    Instances,
}

/// A component that is being written. Methods that define something return its index.
#[derive(Default)]
pub(crate) struct Writer {
    component: Component,
    open: Open,
    aliases: ComponentAliasSection,
    canonicals: CanonicalFunctionSection,
    instances: InstanceSection,
    next_module: u32,
    next_instance: u32,
    next_function: u32,
    next_table: u32,
    next_memory: u32,
    next_global: u32,
    next_tag: u32,
}

/// The section IDs of modules and components.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

impl Writer {
    pub(crate) fn section(&mut self, id: u8, data: &[u8]) {
        self.open(Open::None);
        self.component.section(&RawSection { id, data });
    }

    pub(crate) fn module(&mut self, bytes: &[u8]) -> u32 {
        self.section(MODULE, bytes);
        take(&mut self.next_module)
    }

    pub(crate) fn component(&mut self, bytes: &[u8]) {
        self.section(COMPONENT, bytes);
    }

    pub(crate) fn alias(&mut self, alias: ComponentAlias<'_>) -> Result<(), Refusal> {
        let alias = RoundtripReencoder.component_alias(alias);
        let alias = alias.map_err(|error| Refusal::new(format!("an alias cannot be encoded: {error}")))?;
        self.open(Open::Aliases);
        self.aliases.alias(alias);
        Ok(())
    }

    pub(crate) fn core_alias(&mut self, space: Space, instance: u32, name: &str) -> u32 {
        self.open(Open::Aliases);
        self.aliases.alias(Alias::CoreInstanceExport { instance, kind: space.into(), name });
        self.defined(space)
    }

    pub(crate) fn instantiate(&mut self, module: u32, arguments: &[(&str, u32)]) -> u32 {
        let arguments = arguments.iter().map(|(name, instance)| (*name, ModuleArg::Instance(*instance)));
        self.open(Open::Instances);
        self.instances.instantiate(module, arguments);
        take(&mut self.next_instance)
    }

    /// An instance made of definitions.
    pub(crate) fn bundle(&mut self, exports: &[(Cow<'_, str>, Space, u32)]) -> u32 {
        let exports = exports.iter().map(|(name, space, index)| (name.as_ref(), (*space).into(), *index));
        self.open(Open::Instances);
        self.instances.export_items(exports.collect::<Vec<(_, ExportKind, _)>>());
        take(&mut self.next_instance)
    }

    /// `place` returns the new index of a core definition. Returns the index, unless the function is lifted.
    pub(crate) fn canonical(
        &mut self,
        function: CanonicalFunction,
        place: impl FnMut(Space, u32) -> Result<u32, Refusal>,
    ) -> Result<Option<u32>, Refusal> {
        let is_lifted = matches!(function, CanonicalFunction::Lift { .. });
        self.open(Open::Canonicals);
        Visit::new(place).canonical_into(&mut self.canonicals, function)?;
        Ok((!is_lifted).then(|| self.defined(Space::Function)))
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.open(Open::None);
        self.component.finish()
    }

    /// Ends the open section if it is another one.
    fn open(&mut self, open: Open) {
        if self.open == open {
            return;
        }
        match std::mem::replace(&mut self.open, open) {
            Open::None => {}
            Open::Aliases => drop(self.component.section(&std::mem::take(&mut self.aliases))),
            Open::Canonicals => drop(self.component.section(&std::mem::take(&mut self.canonicals))),
            Open::Instances => drop(self.component.section(&std::mem::take(&mut self.instances))),
        }
    }

    fn defined(&mut self, space: Space) -> u32 {
        take(match space {
            Space::Function => &mut self.next_function,
            Space::Table => &mut self.next_table,
            Space::Memory => &mut self.next_memory,
            Space::Global => &mut self.next_global,
            Space::Tag => &mut self.next_tag,
        })
    }
}

/// Returns a counter's value and adds one to it.
fn take(counter: &mut u32) -> u32 {
    let value = *counter;
    *counter += 1;
    value
}
