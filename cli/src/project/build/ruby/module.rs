//! Rewrites the interpreter's core module: links it with the glue, and freezes it with the memory that a run of it left behind.

use std::{collections::HashSet, convert::Infallible};

use anyhow::{Context, Result, anyhow, bail};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module, TypeSection, ValType,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, DataSectionReader, Export, ExportSectionReader, ExternalKind,
    FunctionSectionReader, Global, GlobalSectionReader, ImportSectionReader, MemorySectionReader, Operator,
    Parser, Payload, TypeRef, TypeSectionReader,
};

use super::{
    bindings::Bindings,
    glue::{self, Targets},
};

/// The imports that stay: those of WASI.
const PREVIEW1: &str = "wasi_snapshot_preview1";
/// Pages of 64 KiB while the interpreter starts. Where it may have more, it reserves 256 MiB for its caches.
const PAGES_AT_START: u64 = 2_048;
/// What exports begin with.
const CALL: &str = "rb-funcallv-protect:";
const OUT: &str = "int-to-js-number:";
const STORE_STACK: &str = "asyncify_start_unwind";
/// The globals that are added: for the receiver of calls, its method, and the address for stored stacks.
const ADDED_GLOBALS: u32 = 3;
/// Zeros between data that are worth a segment of their own, in bytes.
const GAP: usize = 512;

/// What is read of a module before it is rewritten.
#[derive(Debug, Default)]
struct Outline {
    /// Module, name and type of each imported function.
    imports: Vec<(String, String, u32)>,
    types: u32,
    functions: u32,
    globals: Vec<(wasmparser::ValType, bool)>,
    exports: Vec<(String, ExternalKind, u32)>,
    /// The pages of 64 KiB that the memory begins with.
    pages: u64,
    /// Where the stack begins, which grows down to the lowest address. Static data are above it.
    stack: u32,
}

impl Outline {
    fn of(wasm: &[u8]) -> Result<Self> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(types) => outline.types = types.count(),
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        let TypeRef::Func(ty) = import.ty else {
                            bail!(
                                "the interpreter imports {} {}, which is no function",
                                import.module,
                                import.name
                            )
                        };
                        outline.imports.push((import.module.to_owned(), import.name.to_owned(), ty));
                    }
                }
                Payload::FunctionSection(functions) => outline.functions = functions.count(),
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        outline.pages = memory?.initial;
                    }
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        let global = global?;
                        if let (true, Operator::I32Const { value }) =
                            (outline.globals.is_empty(), global.init_expr.get_operators_reader().read()?)
                        {
                            outline.stack = value.cast_unsigned();
                        }
                        outline.globals.push((global.ty.content_type, global.ty.mutable));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        outline.exports.push((export.name.to_owned(), export.kind, export.index));
                    }
                }
                Payload::StartSection { .. } => bail!("the interpreter has a start function"),
                _ => {}
            }
        }
        Ok(outline)
    }

    fn export(&self, beginning: &str) -> Result<u32> {
        self.exports
            .iter()
            .find(|(name, ..)| name.starts_with(beginning))
            .map(|(.., index)| *index)
            .with_context(|| format!("the interpreter does not export {beginning}"))
    }
}

fn wrong(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("the interpreter's module: {error}")
}

/// Replaces the imports for a host in JavaScript by the imports of the component, and exports its functions and all
/// globals that can change, as `global:<index>`. The last three are those that are added.
pub(super) fn link(wasm: &[u8], bindings: &Bindings) -> Result<Vec<u8>> {
    let outline = Outline::of(wasm)?;
    let count = |number: usize| u32::try_from(number).context("the interpreter has too many functions");
    let kept = count(outline.imports.iter().filter(|(module, ..)| module == PREVIEW1).count())?;
    let host = count(bindings.imports.len())?;
    let first_glue = kept + host + outline.functions;
    let mut map = Vec::new();
    let (mut next_kept, mut next_glue) = (0, first_glue);
    for (module, ..) in &outline.imports {
        let next = if module == PREVIEW1 { &mut next_kept } else { &mut next_glue };
        map.push(*next);
        *next += 1;
    }
    map.extend((0..outline.functions).map(|number| kept + host + number));
    let mapped = |beginning: &str| {
        let index = outline.export(beginning)? as usize;
        map.get(index).copied().context("an export of the interpreter")
    };
    let globals = count(outline.globals.len())?;
    let store_stack = mapped(STORE_STACK)?;
    let targets = Targets {
        realloc: mapped("cabi_realloc")?,
        call: mapped(CALL)?,
        receiver: globals,
        method: globals + 1,
        imports: kept,
    };
    let mut functions = Vec::new();
    for (module, name, ty) in outline.imports.iter().filter(|(module, ..)| module != PREVIEW1) {
        let body = match (module.as_str(), name.as_str()) {
            (_, name) if name.starts_with(OUT) => glue::dispatch(&bindings.imports, targets),
            ("canonical_abi", name) if name.starts_with("resource_drop") => glue::nothing(),
            ("canonical_abi", _) => glue::identity(),
            _ => glue::missing(),
        };
        functions.push((*ty, body));
    }
    // The types of what is added follow those of the imports.
    let added_types = outline.types + host;
    // Whoever stores the stack calls the glue.
    map[outline.export(STORE_STACK)? as usize] = first_glue + count(functions.len())?;
    let statics = outline.stack..u32::try_from(outline.pages << 16).unwrap_or(u32::MAX);
    functions.push((added_types + 2, glue::store_stack(store_stack, globals + 2, statics)));
    let first_export = first_glue + count(functions.len())?;
    functions.push((added_types, glue::export(targets, false)));
    functions.push((added_types + 1, glue::export(targets, true)));
    let mut link = Link { bindings, outline: &outline, map: &map, functions: &functions, first_export };
    let mut module = Module::new();
    link.parse_core_module(&mut module, Parser::new(0), wasm).map_err(wrong)?;
    Ok(module.finish())
}

struct Link<'a> {
    bindings: &'a Bindings,
    outline: &'a Outline,
    /// The new indexes of functions.
    map: &'a [u32],
    /// Types and code of the functions that are added.
    functions: &'a [(u32, Function)],
    first_export: u32,
}

type Done = std::result::Result<(), Error<Infallible>>;

impl Reencode for Link<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> std::result::Result<u32, Error<Infallible>> {
        Ok(self.map[index as usize])
    }

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Done {
        utils::parse_type_section(self, types, section)?;
        for import in &self.bindings.imports {
            types.ty().function(import.params.iter().copied(), import.results.iter().copied());
        }
        types.ty().function([], [ValType::I32]);
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Done {
        for import in section.into_imports() {
            let import = import?;
            if import.module == PREVIEW1 {
                self.parse_import(imports, import)?;
            }
        }
        for (ty, import) in (self.outline.types..).zip(&self.bindings.imports) {
            imports.import(&import.module, &import.name, EntityType::Function(ty));
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Done {
        utils::parse_function_section(self, functions, section)?;
        for (ty, _) in self.functions {
            functions.function(*ty);
        }
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: MemorySectionReader<'_>,
    ) -> Done {
        for memory in section {
            let memory = self.memory_type(memory?)?;
            memories.memory(MemoryType { maximum: Some(PAGES_AT_START), ..memory });
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Done {
        utils::parse_global_section(self, globals, section)?;
        for _ in 0..ADDED_GLOBALS {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(0));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Done {
        utils::parse_export_section(self, exports, section)?;
        exports.export(&self.bindings.describe, ExportKind::Func, self.first_export);
        exports.export(&self.bindings.handle, ExportKind::Func, self.first_export + 1);
        let added = [(wasmparser::ValType::I32, true); ADDED_GLOBALS as usize];
        for (index, (_, is_mutable)) in (0..).zip(self.outline.globals.iter().chain(&added)) {
            if *is_mutable {
                exports.export(&format!("global:{index}"), ExportKind::Global, index);
            }
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Done {
        utils::parse_code_section(self, code, section)?;
        for (_, function) in self.functions {
            code.function(function);
        }
        Ok(())
    }

    // Names of functions and the like: an execution does not need them.
    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Done {
        Ok(())
    }
}

/// What a run left behind.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) memory: Vec<u8>,
    /// The values of the globals that can change, by index.
    pub(super) globals: Vec<(u32, i64)>,
}

/// Makes a module that starts from a snapshot, from one that [`link`] made.
pub(super) fn freeze(wasm: &[u8], bindings: &Bindings, snapshot: &Snapshot) -> Result<Vec<u8>> {
    // The interpreter's stack begins at the address that its first global has, and grows down to the lowest one.
    let (_, stack) = snapshot.globals.first().copied().context("the interpreter has no stack pointer")?;
    let stack = usize::try_from(stack).context("the interpreter's stack pointer is no address")?;
    let data = segments(&snapshot.memory, stack);
    let exports = ["memory", "cabi_realloc", bindings.describe.as_str(), bindings.handle.as_str()];
    let mut freeze = Freeze { snapshot, data: &data, exports: HashSet::from(exports), next_global: 0 };
    let mut module = Module::new();
    freeze.parse_core_module(&mut module, Parser::new(0), wasm).map_err(wrong)?;
    Ok(module.finish())
}

/// The parts of a memory that are not zero, from an address on.
fn segments(memory: &[u8], from: usize) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (number, chunk) in memory.chunks(64).enumerate().skip(from / 64) {
        let start = number * 64;
        if chunk.iter().all(|byte| *byte == 0) {
            continue;
        }
        let end = start + chunk.len();
        match found.last_mut() {
            Some(last) if start - last.end <= GAP => last.end = end,
            _ => found.push(start.max(from)..end),
        }
    }
    found
}

struct Freeze<'a> {
    snapshot: &'a Snapshot,
    data: &'a [std::ops::Range<usize>],
    exports: HashSet<&'a str>,
    next_global: u32,
}

impl Reencode for Freeze<'_> {
    type Error = Infallible;

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: MemorySectionReader<'_>,
    ) -> Done {
        for memory in section {
            let memory = self.memory_type(memory?)?;
            let minimum = (self.snapshot.memory.len() >> 16) as u64;
            memories.memory(MemoryType { minimum, maximum: None, ..memory });
        }
        Ok(())
    }

    fn parse_global(&mut self, globals: &mut GlobalSection, global: Global<'_>) -> Done {
        let index = self.next_global;
        self.next_global += 1;
        let ty = self.global_type(global.ty)?;
        let known = self.snapshot.globals.iter().find(|(known, _)| *known == index);
        let value = match (known, ty.val_type) {
            (Some((_, value)), ValType::I64) => ConstExpr::i64_const(*value),
            // Globals of 32 bits were written as such.
            (Some((_, value)), ValType::I32) => ConstExpr::i32_const(*value as i32),
            _ => self.const_expr(global.init_expr)?,
        };
        globals.global(ty, &value);
        Ok(())
    }

    fn parse_export(&mut self, exports: &mut ExportSection, export: Export<'_>) -> Done {
        if self.exports.contains(export.name) {
            utils::parse_export(self, exports, export)?;
        }
        Ok(())
    }

    fn data_count(&mut self, _: u32) -> std::result::Result<u32, Error<Infallible>> {
        Ok(u32::try_from(self.data.len()).unwrap_or(u32::MAX))
    }

    fn parse_data_section(&mut self, data: &mut DataSection, _: DataSectionReader<'_>) -> Done {
        for range in self.data {
            let address = i32::try_from(range.start).expect("the memory is smaller than 2 GiB");
            data.active(
                0,
                &ConstExpr::i32_const(address),
                self.snapshot.memory[range.clone()].iter().copied(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_what_is_not_zero_behind_the_stack() {
        let mut memory = vec![0; 8192];
        for address in [10, 1000, 1500, 4000, 8191] {
            memory[address] = 1;
        }
        assert_eq!(segments(&memory, 1000), [1000..1536, 3968..4032, 8128..8192]);
    }
}
