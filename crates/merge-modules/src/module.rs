//! A core module as lists of its parts.

use std::collections::HashMap;

use wasmparser::{
    CompositeInnerType, Data, DataKind, Element, ElementKind, ExternalKind, FuncType, FunctionBody, Global,
    Import, KnownCustom, MemoryType, Parser, Payload, Table, TypeRef,
};

use crate::names::Names;
use crate::refusal::Refusal;
use crate::space::Space;

/// A valid core module.
#[derive(Default)]
pub(crate) struct CoreModule<'a> {
    pub(crate) types: Vec<FuncType>,
    pub(crate) imports: Vec<Import<'a>>,
    /// The types of the functions that it defines.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<Table<'a>>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<Global<'a>>,
    exports: HashMap<&'a str, (ExternalKind, u32)>,
    pub(crate) start: Option<u32>,
    pub(crate) elements: Vec<Element<'a>>,
    pub(crate) data: Vec<Data<'a>>,
    pub(crate) has_data_count: bool,
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    pub(crate) names: Names<'a>,
}

impl<'a> CoreModule<'a> {
    pub(crate) fn read(wasm: &'a [u8]) -> Result<Self, Refusal> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        let mut group = group?.into_types();
                        let (Some(ty), None) = (group.next(), group.next()) else {
                            return Err(Refusal::new("a module has recursive types"));
                        };
                        match ty.composite_type.inner {
                            CompositeInnerType::Func(function)
                                if ty.is_final && ty.supertype_idx.is_none() && !ty.composite_type.shared =>
                            {
                                module.types.push(function);
                            }
                            _ => return Err(Refusal::new("a module has types other than of functions")),
                        }
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        module.imports.push(import?);
                    }
                }
                Payload::FunctionSection(functions) => {
                    module.functions = functions.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::TableSection(tables) => {
                    module.tables = tables.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::MemorySection(memories) => {
                    module.memories = memories.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::GlobalSection(globals) => {
                    module.globals = globals.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        module.exports.insert(export.name, (export.kind, export.index));
                    }
                }
                Payload::StartSection { func, .. } => module.start = Some(func),
                Payload::ElementSection(elements) => {
                    module.elements = elements.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::DataCountSection { .. } => module.has_data_count = true,
                Payload::DataSection(data) => {
                    module.data = data.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                Payload::TagSection(_) => return Err(Refusal::new("a module uses exceptions")),
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Name(names) => module.names.read(names),
                    KnownCustom::Producers(producers) => module.names.read_producers(producers),
                    // What else tools leave there describes the module as it was: debug information, linking.
                    _ => {}
                },
                Payload::Version { .. } | Payload::CodeSectionStart { .. } | Payload::End(_) => {}
                _ => return Err(Refusal::new("a module has a section that is not understood")),
            }
        }
        Ok(module)
    }

    /// What it exports under a name.
    pub(crate) fn export(&self, name: &str) -> Result<(Space, u32), Refusal> {
        let found = self.exports.get(name);
        let (kind, index) = found.ok_or_else(|| Refusal::new(format!("a module has no export `{name}`")))?;
        Ok((Space::of(*kind), *index))
    }

    /// Whether it sets parts of a memory or a table when it is instantiated.
    pub(crate) fn has_active_segments(&self) -> bool {
        self.data.iter().any(|data| matches!(data.kind, DataKind::Active { .. }))
            || self.elements.iter().any(|element| matches!(element.kind, ElementKind::Active { .. }))
    }
}

/// The imports of a module, by the name of the module that they are from.
pub(crate) fn imports_by_module(module: &[u8]) -> Result<HashMap<&str, Vec<Import<'_>>>, Refusal> {
    let mut found: HashMap<&str, Vec<Import<'_>>> = HashMap::new();
    for import in imports_of(module)? {
        found.entry(import.module).or_default().push(import);
    }
    Ok(found)
}

/// The imports of a module.
pub(crate) fn imports_of(module: &[u8]) -> Result<Vec<Import<'_>>, Refusal> {
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                return Ok(imports.into_imports().collect::<Result<_, _>>()?);
            }
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    Ok(Vec::new())
}

/// The index space that an import adds to.
pub(crate) fn space_of(import: &Import<'_>) -> Space {
    match import.ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => Space::Function,
        TypeRef::Table(_) => Space::Table,
        TypeRef::Memory(_) => Space::Memory,
        TypeRef::Global(_) => Space::Global,
        TypeRef::Tag(_) => Space::Tag,
    }
}
