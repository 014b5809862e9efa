//! The names of a module's functions, which backtraces show, and its producers.

use std::collections::BTreeMap;

use wasm_encoder::{Module, NameMap, NameSection, ProducersField, ProducersSection};
use wasmparser::{Name, NameSectionReader, ProducersSectionReader};

/// The name of a merged module in backtraces.
const MERGED: &str = "merged";

/// What a module says about itself. Damaged parts are left out: they change nothing that runs.
#[derive(Default)]
pub(crate) struct Names<'a> {
    pub(crate) functions: Vec<(u32, &'a str)>,
    /// Fields, each with names and versions.
    producers: Vec<(&'a str, Vec<(&'a str, &'a str)>)>,
}

impl<'a> Names<'a> {
    pub(crate) fn read(&mut self, names: NameSectionReader<'a>) {
        for name in names.into_iter().flatten() {
            if let Name::Function(functions) = name {
                self.functions
                    .extend(functions.into_iter().flatten().map(|naming| (naming.index, naming.name)));
            }
        }
    }

    pub(crate) fn read_producers(&mut self, producers: ProducersSectionReader<'a>) {
        for field in producers.into_iter().flatten() {
            let values = field.values.into_iter().flatten().map(|value| (value.name, value.version));
            self.producers.push((field.name, values.collect()));
        }
    }
}

/// Appends the names of functions, by their new index, and the producers of all modules.
pub(crate) fn write(module: &mut Module, functions: &BTreeMap<u32, String>, of: &[&Names<'_>]) {
    let mut map = NameMap::new();
    for (index, name) in functions {
        map.append(*index, name);
    }
    let mut names = NameSection::new();
    names.module(MERGED);
    names.functions(&map);
    module.section(&names);

    let mut fields: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (field, values) in of.iter().flat_map(|names| &names.producers) {
        fields.entry(field).or_default().extend(values.iter().copied());
    }
    let mut producers = ProducersSection::new();
    for (field, values) in &fields {
        let mut encoded = ProducersField::new();
        for (name, version) in values {
            encoded.value(name, version);
        }
        producers.field(field, &encoded);
    }
    if !fields.is_empty() {
        module.section(&producers);
    }
}
