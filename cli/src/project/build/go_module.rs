//! Makes a module of Go one that can be a component. Two things in it would fail there:
//!
//! - The host gets memory from `cabi_realloc`, and until that returns the component must not call it back. Go's scheduler and garbage
//!   collector ask for the time whenever they run, also then, and the execution would be ended. So while `cabi_realloc` runs, the
//!   function that asks for the time returns the last one, and the one that yields does nothing.
//! - Go takes all memory after its own for its heap, and the adapter of preview 1 needs some that stays its own. So the SDK has an array
//!   for it, which begins with [`MARK`] and its size, and the adapter gets memory from there.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow, bail};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, MemArg, Module, ValType,
    reencode::{self, Reencode, utils},
};
use wasmparser::{
    CodeSectionReader, Data, DataKind, ExportSectionReader, ExternalKind, FunctionSectionReader,
    GlobalSectionReader, Operator, Parser, Payload, TypeRef,
};

const PREVIEW1: &str = "wasi_snapshot_preview1";
const REALLOC: &str = "cabi_realloc";
/// The export by which an adapter gets memory, if there is one.
const ADAPTER_REALLOC: &str = "cabi_realloc_adapter";
/// The export of every component with handlers.
const HANDLE: &str = "tasker:handler/step-handler@1.0.0#handle";
/// What the array begins with, as in `handler-sdk/go/adapter_wasip1.go`. Its size in KiB follows, in three digits. The version is
/// that of what the SDK and this file know of each other.
const MARK: &[u8] = b"tasker-handler: memory of the adapter of preview 1, version 1, KiB: ";

/// A function of a module, and its type.
type Place = (u32, u32);

/// What is known of a module before it is rewritten.
#[derive(Default)]
struct Facts {
    functions: u32,
    globals: u32,
    /// The functions that are imported from preview 1.
    imports: HashMap<String, Place>,
    exports: HashMap<String, Place>,
    /// Where the adapter's memory begins and ends.
    memory: Option<(i32, i32)>,
}

/// Returns the module with what it lacks.
///
/// # Errors
/// The module has no handlers, or another SDK made it.
pub(super) fn guard(module: &[u8]) -> Result<Vec<u8>> {
    let facts = Facts::of(module).context("the compiler made no valid module")?;
    if !facts.exports.contains_key(HANDLE) {
        bail!("it has no handlers: import \"tasker-handler\" in its package main, and register them");
    }
    let mut guard = Guard::of(&facts)?;
    let mut guarded = Module::new();
    guard
        .parse_core_module(&mut guarded, Parser::new(0), module)
        .map_err(|error| anyhow!("rewriting the module: {error}"))?;
    Ok(guarded.finish())
}

impl Facts {
    fn of(module: &[u8]) -> Result<Self> {
        let mut facts = Self::default();
        let mut types = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(kind) => {
                                if import.module == PREVIEW1 {
                                    facts.imports.insert(import.name.to_owned(), (facts.functions, kind));
                                }
                                types.push(kind);
                                facts.functions += 1;
                            }
                            TypeRef::Global(_) => facts.globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    for kind in functions {
                        types.push(kind?);
                        facts.functions += 1;
                    }
                }
                Payload::DataSection(segments) => {
                    for segment in segments {
                        facts.memory = facts.memory.or(marked(&segment?));
                    }
                }
                Payload::GlobalSection(globals) => facts.globals += globals.count(),
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        let kind = types.get(export.index as usize);
                        if let (ExternalKind::Func, Some(kind)) = (export.kind, kind) {
                            facts.exports.insert(export.name.to_owned(), (export.index, *kind));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(facts)
    }
}

/// Where the memory with the mark begins and ends, if it begins in this segment.
fn marked(segment: &Data<'_>) -> Option<(i32, i32)> {
    let DataKind::Active { offset_expr, .. } = &segment.kind else { return None };
    let Ok(Operator::I32Const { value }) = offset_expr.get_operators_reader().read() else { return None };
    let place = segment.data.windows(MARK.len()).position(|bytes| bytes == MARK)?;
    let digits = segment.data.get(place + MARK.len()..)?.get(..3)?;
    let kib: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let start = value.checked_add(i32::try_from(place).ok()?)?;
    Some((start, start.checked_add(i32::from(kib) << 10)?))
}

/// Adds functions, which come after all others, and three globals: whether `cabi_realloc` runs, the last time, and where the memory
/// for the adapter goes on.
#[derive(Default)]
struct Guard {
    /// The new functions, with their types.
    added: Vec<(u32, Function)>,
    /// The imported functions that are called through a new one.
    imports: HashMap<u32, u32>,
    /// What is exported as `cabi_realloc` and `cabi_realloc_adapter`.
    realloc: u32,
    adapter_realloc: u32,
    /// Where the adapter's memory begins.
    memory: i32,
}

impl Guard {
    /// # Errors
    /// What the module does not have.
    fn of(facts: &Facts) -> Result<Self> {
        let import = |name: &str| facts.imports.get(name).copied();
        let (running, time, next_free) = (facts.globals, facts.globals + 1, facts.globals + 2);
        let clock = import("clock_time_get").ok_or_else(|| misfit("the import `clock_time_get`"))?;
        let realloc =
            facts.exports.get(REALLOC).copied().ok_or_else(|| misfit("the export `cabi_realloc`"))?;
        let (memory, end) = facts.memory.ok_or_else(|| misfit("the adapter's memory, version 1,"))?;
        let mut guard = Self { memory, ..Self::default() };
        let mut next = facts.functions;
        let mut add = |(_, kind): Place, function| {
            guard.added.push((kind, function));
            next += 1;
            next - 1
        };
        let new_clock = add(clock, clock_time_get(clock.0, running, time));
        let new_realloc = add(realloc, cabi_realloc(realloc.0, running));
        let for_adapter = add(realloc, cabi_realloc_adapter(next_free, end));
        let yields = import("sched_yield").map(|place| (place.0, add(place, sched_yield(place.0, running))));
        guard.imports.insert(clock.0, new_clock);
        guard.imports.extend(yields);
        (guard.realloc, guard.adapter_realloc) = (new_realloc, for_adapter);
        Ok(guard)
    }
}

/// The error of a module that lacks something that the SDK has in it.
fn misfit(what: &str) -> anyhow::Error {
    anyhow!(
        "its SDK, the module tasker-handler, and this tasker do not fit together: {what} is missing; take both of the same version, {}",
        env!("CARGO_PKG_VERSION")
    )
}

/// `clock_time_get(clock, precision, place)`.
fn clock_time_get(import: u32, running: u32, time: u32) -> Function {
    let memory = MemArg { offset: 0, align: 0, memory_index: 0 };
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.global_get(running).if_(BlockType::Empty);
    code.local_get(2).global_get(time).i64_store(memory).i32_const(0).return_().end();
    code.local_get(0).local_get(1).local_get(2).call(import);
    code.local_get(2).i64_load(memory).global_set(time).end();
    function
}

/// `cabi_realloc(old, size, align, new size)`.
fn cabi_realloc(own: u32, running: u32) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.i32_const(1).global_set(running);
    code.local_get(0).local_get(1).local_get(2).local_get(3).call(own);
    code.i32_const(0).global_set(running).end();
    function
}

/// `sched_yield()`.
fn sched_yield(import: u32, running: u32) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.global_get(running).if_(BlockType::Result(ValType::I32));
    code.i32_const(0).else_().call(import).end().end();
    function
}

/// `cabi_realloc_adapter(old, size, align, new size)`. The adapter asks for a few pages, and returns none.
fn cabi_realloc_adapter(next: u32, end: i32) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    // The next address, rounded up to the alignment.
    code.global_get(next).local_get(2).i32_add().i32_const(1).i32_sub();
    code.i32_const(0).local_get(2).i32_sub().i32_and().local_tee(4);
    code.local_get(3).i32_add().global_set(next);
    code.global_get(next).i32_const(end).i32_gt_u().if_(BlockType::Empty).unreachable().end();
    code.local_get(4).end();
    function
}

type Rewritten = Result<(), reencode::Error<std::convert::Infallible>>;

impl Reencode for Guard {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<Self::Error>> {
        Ok(self.imports.get(&function).copied().unwrap_or(function))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_function_section(self, functions, section)?;
        for (kind, _) in &self.added {
            functions.function(*kind);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Rewritten {
        utils::parse_global_section(self, globals, section)?;
        let global = |val_type| GlobalType { val_type, mutable: true, shared: false };
        globals.global(global(ValType::I32), &ConstExpr::i32_const(0));
        globals.global(global(ValType::I64), &ConstExpr::i64_const(0));
        globals.global(global(ValType::I32), &ConstExpr::i32_const(self.memory));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Rewritten {
        for export in section {
            let export = export?;
            if export.name == REALLOC {
                exports.export(REALLOC, ExportKind::Func, self.realloc);
            } else {
                self.parse_export(exports, export)?;
            }
        }
        exports.export(ADAPTER_REALLOC, ExportKind::Func, self.adapter_realloc);
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Rewritten {
        // This is called once, with all functions of the module.
        utils::parse_code_section(self, code, section)?;
        for (_, function) in &self.added {
            code.function(function);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module as the compiler makes it, whose memory begins with a text.
    fn compiled(mark: &str) -> String {
        format!(
            r#"(module
                (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
                (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
                (memory (export "memory") 1)
                (global i32 (i32.const 7))
                (func (export "{HANDLE}") (drop (call $yield)))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 8)))
                    (i32.wrap_i64 (i64.load (i32.const 8))))
                (data (i32.const 4096) "before {mark}"))"#
        )
    }

    /// The text that the SDK's memory begins with.
    fn mark() -> String {
        format!("{}256", std::str::from_utf8(MARK).unwrap())
    }

    #[test]
    fn what_go_lacks_is_added() {
        let module = wat::parse_str(compiled(&mark())).unwrap();
        let guarded = guard(&module).unwrap();
        wasmparser::Validator::new().validate_all(&guarded).unwrap();
        let facts = Facts::of(&guarded).unwrap();
        assert_eq!((facts.functions, facts.globals), (4 + 4, 4));
        assert_eq!((facts.exports[REALLOC].0, facts.exports[ADAPTER_REALLOC].0), (5, 6));
        assert_eq!(facts.memory, Some((4096 + 7, 4096 + 7 + (256 << 10))));
    }

    #[test]
    fn a_module_of_another_sdk_is_refused() {
        let module = compiled(&mark());
        for (part, other, missing) in [
            ("\"cabi_realloc\"", "\"realloc\"", "`cabi_realloc`"),
            ("\"clock_time_get\"", "\"clock_res_get\"", "`clock_time_get`"),
            ("version 1", "version 2", "memory"),
            ("KiB: 256", "KiB: big", "memory"),
        ] {
            assert!(module.contains(part), "{part}");
            let module = wat::parse_str(module.replace(part, other)).unwrap();
            let refused = guard(&module).unwrap_err().to_string();
            assert!(refused.contains(missing) && refused.contains("do not fit together"), "{refused}");
        }
    }

    #[test]
    fn a_module_without_handlers_is_refused() {
        let refused = guard(b"\0asm\x01\0\0\0").unwrap_err().to_string();
        assert!(
            refused.contains("no handlers") && refused.contains("import \"tasker-handler\""),
            "{refused}"
        );
    }
}
