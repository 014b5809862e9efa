//! What is merged, what it looks like then, and what stays as it is. Whether a merged component does the same is tested where
//! it runs: `runtime-host/tests/it/merged.rs`.

use std::time::{Duration, Instant};

use tasker_merge_modules::{Merged, merge};
use wasmparser::{ExternalKind, KnownCustom, Name, Operator, Parser, Payload};

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {text})")).expect("the component is well formed")
}

#[track_caller]
fn merged(text: &str) -> Merged {
    merge(&component(text)).expect("it is understood").expect("there is something to merge")
}

/// The reason why a component stays as it is.
#[track_caller]
fn refused(text: &str) -> String {
    merge(&component(text)).expect_err("it is refused").to_string()
}

#[track_caller]
fn unchanged(text: &str) {
    assert_eq!(merge(&component(text)), Ok(None));
}

/// Two modules, of which the second imports the first, and the lifted function `f` of the second.
fn two(first: &str, second: &str) -> String {
    format!(
        r#"(core module $a {first})
           (core module $b {second})
           (core instance $a (instantiate $a))
           (core instance $b (instantiate $b (with "a" (instance $a))))
           (func (export "f") (canon lift (core func $b "f")))"#
    )
}

/// The payloads of the core modules in a component.
fn module_payloads(wasm: &[u8]) -> Vec<Payload<'_>> {
    Parser::new(0).parse_all(wasm).map(|payload| payload.expect("it is valid")).collect()
}

fn count_modules(wasm: &[u8]) -> usize {
    module_payloads(wasm).iter().filter(|payload| matches!(payload, Payload::ModuleSection { .. })).count()
}

const PLAIN: &str = r#"(func $f (export "f"))"#;

#[test]
fn a_merged_component_is_deterministic_and_stays_as_it_is() {
    let text = two(r#"(func (export "g"))"#, r#"(import "a" "g" (func $g)) (func (export "f") (call $g))"#);
    let once = merged(&text);
    assert_eq!((once.from, once.into), (2, 1));
    assert_eq!(count_modules(&once.wasm), 1);
    assert_eq!(merged(&text), once);
    assert_eq!(merge(&once.wasm), Ok(None));
}

#[test]
fn where_there_is_nothing_to_merge_nothing_changes() {
    unchanged("");
    unchanged(&format!(
        r#"(core module $a {PLAIN}) (core instance $a (instantiate $a))
           (func (export "f") (canon lift (core func $a "f")))"#
    ));
    assert_eq!(merge(&wat::parse_str("(module)").unwrap()), Ok(None));
    assert_eq!(merge(b"#!/bin/sh"), Ok(None));
}

#[test]
fn what_is_not_valid_is_refused() {
    let mut wasm = component(&two("", PLAIN));
    wasm.truncate(wasm.len() - 3);
    assert!(merge(&wasm).unwrap_err().to_string().starts_with("it is not valid"));
}

/// The names that backtraces show. Names of imports are those of their definitions.
#[test]
fn functions_keep_their_names() {
    let wasm = merged(&two(
        r#"(func $provided (export "g")) (func $inner)"#,
        r#"(import "a" "g" (func $imported)) (func $run (export "f") (call $imported))"#,
    ))
    .wasm;
    let mut found = Vec::new();
    for payload in module_payloads(&wasm) {
        if let Payload::CustomSection(custom) = payload
            && let KnownCustom::Name(names) = custom.as_known()
        {
            for name in names {
                if let Name::Function(functions) = name.unwrap() {
                    found = functions.into_iter().map(|naming| naming.unwrap().name.to_owned()).collect();
                }
            }
        }
    }
    assert_eq!(found, ["provided", "inner", "run"]);
}

/// A host can prepare memory whose contents are at constant addresses.
#[test]
fn addresses_become_constants() {
    let wasm = merged(&two(
        r#"(memory (export "memory") 1) (global (export "base") i32 (i32.const 40))"#,
        r#"(import "a" "memory" (memory 1)) (import "a" "base" (global $base i32)) (func (export "f"))
           (data (i32.sub (i32.add (global.get $base) (i32.const 5)) (i32.const 3)) "x")"#,
    ))
    .wasm;
    let mut offsets = Vec::new();
    for payload in module_payloads(&wasm) {
        if let Payload::DataSection(data) = payload {
            for data in data {
                let wasmparser::DataKind::Active { offset_expr, .. } = data.unwrap().kind else {
                    panic!("passive")
                };
                let operators: Vec<_> = offset_expr
                    .get_operators_reader()
                    .into_iter()
                    .map(|operator| operator.unwrap())
                    .collect();
                assert!(matches!(operators[..], [Operator::I32Const { .. }, Operator::End]), "{operators:?}");
                offsets.extend(operators.iter().find_map(|operator| match operator {
                    Operator::I32Const { value } => Some(*value),
                    _ => None,
                }));
            }
        }
    }
    assert_eq!(offsets, [42]);
}

/// The shape that wit-component writes: a shim for host functions that need the memory, and a module that fills it in.
const SHIMMED: &str = r#"
    (import "host" (func $host (param "text" string)))
    (core module $shim
        (table (export "$imports") 1 1 funcref)
        (func (export "0") (param i32 i32) (call_indirect (param i32 i32) (local.get 0) (local.get 1) (i32.const 0))))
    (core module $main
        (import "host" "tell" (func (param i32 i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
    (core module $library (import "env" "memory" (memory 1)) (import "host" "tell" (func $tell (param i32 i32)))
        (func (export "f") (call $tell (i32.const 0) (i32.const 0))))
    (core module $fixup
        (import "" "$imports" (table 1 1 funcref)) (import "" "0" (func (param i32 i32)))
        (elem (i32.const 0) func 0))
    (core instance $shim (instantiate $shim))
    (alias core export $shim "0" (core func $indirect))
    (core instance $hosts (export "tell" (func $indirect)))
    (core instance $main (instantiate $main (with "host" (instance $hosts))))
    (alias core export $main "memory" (core memory $memory))
    (core instance $env (export "memory" (memory $memory)))
    (core instance $library (instantiate $library (with "env" (instance $env)) (with "host" (instance $hosts))))
    (core func $direct (canon lower (func $host) (memory $memory)))
    (alias core export $shim "$imports" (core table $imports))
    (core instance $actual (export "$imports" (table $imports)) (export "0" (func $direct)))
    (core instance (instantiate $fixup (with "" (instance $actual))))
    (func (export "f") (canon lift (core func $library "f")))"#;

#[test]
fn the_shim_and_the_fixup_of_wit_component_stay() {
    let result = merged(SHIMMED);
    assert_eq!((result.from, result.into), (2, 1));
    assert_eq!(count_modules(&result.wasm), 3);
    assert_eq!(merge(&result.wasm), Ok(None));
}

#[test]
fn components_in_components_are_merged_and_keep_their_imports_and_exports() {
    let inner = two(r#"(func (export "g"))"#, r#"(import "a" "g" (func $g)) (func (export "f") (call $g))"#);
    let result = merged(&format!(
        r#"(import "unused" (func)) (component $one {inner}) (component $two {SHIMMED})
           (instance $one (instantiate $one)) (export "f" (func $one "f"))"#
    ));
    assert_eq!((result.from, result.into), (4, 2));
    let mut depth = 0;
    let mut outer = Vec::new();
    for payload in module_payloads(&result.wasm) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(imports) if depth == 0 => {
                outer.extend(imports.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                outer.extend(exports.into_iter().map(|export| export.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    assert_eq!(outer, ["unused", "f"]);
}

#[test]
fn a_start_function_that_runs_before_a_segment_is_set_is_refused() {
    let reason = refused(&two(
        r#"(memory (export "memory") 1) (func $begin) (start $begin)"#,
        r#"(import "a" "memory" (memory 1)) (func (export "f")) (data (i32.const 0) "x")"#,
    ));
    assert_eq!(reason, "a start function runs before a later module sets memory or tables");
}

#[test]
fn a_module_that_is_instantiated_twice_is_refused() {
    let reason = refused(&format!(
        r#"(core module $a (global (mut i32) (i32.const 0)) {PLAIN})
           (core instance $a (instantiate $a)) (core instance $b (instantiate $a))
           (func (export "f") (canon lift (core func $a "f")))
           (func (export "g") (canon lift (core func $b "f")))"#
    ));
    assert_eq!(reason, "a core module is instantiated twice");
}

#[test]
fn modules_with_exceptions_or_their_own_types_are_refused() {
    let reason = refused(&two("(tag) (func (export \"g\"))", PLAIN));
    assert_eq!(reason, "a module uses exceptions");
    let reason = refused(&two("(type (struct (field i32)))", PLAIN));
    assert_eq!(reason, "a module has types other than of functions");
    let reason = refused(&two("(rec (type (func)) (type (func)))", PLAIN));
    assert_eq!(reason, "a module has recursive types");
}

#[test]
fn components_that_pass_modules_are_refused() {
    let text = format!("(import \"m\" (core module)) {}", two("", PLAIN));
    assert_eq!(refused(&text), "it passes core modules between components");
    let text = format!("{} (component (alias outer 1 0 (core module)))", two("", PLAIN));
    assert_eq!(refused(&text), "it passes core modules between components");
}

/// The function between the modules exists before the second does.
#[test]
fn modules_on_two_sides_of_something_that_uses_the_first_are_not_one_group() {
    unchanged(&format!(
        r#"(core module $a {PLAIN}) (core module $b {PLAIN})
           (core instance $a (instantiate $a))
           (func $f (canon lift (core func $a "f")))
           (core instance $b (instantiate $b))
           (func (export "g") (canon lift (core func $b "f")))"#
    ));
}

#[test]
fn a_module_between_that_keeps_its_own_memory_is_merged_with_it() {
    let result = merged(&two(
        r#"(memory (export "memory") 1) (func (export "g"))"#,
        r#"(import "a" "memory" (memory $shared 1)) (memory $own 2)
           (func (export "f") (drop (i32.load $own (i32.const 0))) (drop (i32.load $shared (i32.const 0))))"#,
    ));
    let memories: u32 = module_payloads(&result.wasm)
        .iter()
        .map(|payload| if let Payload::MemorySection(memories) = payload { memories.count() } else { 0 })
        .sum();
    assert_eq!(memories, 2);
}

/// Only what something outside uses is exported.
#[test]
fn exports_that_only_the_modules_use_disappear() {
    let wasm = merged(&two(
        r#"(func (export "g")) (func (export "unused"))"#,
        r#"(import "a" "g" (func $g)) (func (export "f") (call $g))"#,
    ))
    .wasm;
    let mut exports = Vec::new();
    for payload in module_payloads(&wasm) {
        if let Payload::ExportSection(section) = payload {
            exports.extend(section.into_iter().map(|export| {
                let export = export.unwrap();
                (export.name.to_owned(), export.kind)
            }));
        }
    }
    assert_eq!(exports, [("f".to_owned(), ExternalKind::Func)]);
}

/// Each look-up by name takes the same time, however many names there are.
#[test]
fn many_imports_and_exports_are_merged_quickly() {
    const MANY: usize = 20_000;
    let names = |form: &dyn Fn(usize) -> String| (0..MANY).map(form).collect::<String>();
    let wasm = component(&format!(
        r#"(core module $a (func $f) {exports})
           (core module $b {direct} {bundled} (func (export "f")))
           (core module $user {direct} (func (export "g")))
           (core instance $a (instantiate $a))
           {aliases}
           (core instance $bundle {bundle})
           (core instance $b (instantiate $b (with "a" (instance $a)) (with "bundle" (instance $bundle))))
           (func $lifted (export "f") (canon lift (core func $b "f")))
           (core instance $user (instantiate $user (with "a" (instance $a))))
           (func (export "g") (canon lift (core func $user "g")))"#,
        exports = names(&|number| format!(r#"(export "{number}" (func $f))"#)),
        direct = names(&|number| format!(r#"(import "a" "{number}" (func))"#)),
        bundled = names(&|number| format!(r#"(import "bundle" "{number}" (func))"#)),
        aliases = names(&|number| format!(r#"(alias core export $a "{number}" (core func $f{number}))"#)),
        bundle = names(&|number| format!(r#"(export "{number}" (func $f{number}))"#)),
    ));
    let start = Instant::now();
    let merged = merge(&wasm).expect("it is understood").expect("there is something to merge");
    let took = start.elapsed();
    assert_eq!((merged.from, merged.into), (2, 1));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A definition that is passed on many times would be followed anew for each import.
#[test]
fn a_long_way_to_a_definition_is_refused() {
    let mut text = String::from(
        r#"(core module $a (func (export "f"))) (core module $b (import "a" "f" (func)) (func (export "f")))
           (core instance $i0 (instantiate $a))"#,
    );
    for number in 1..=200 {
        let before = number - 1;
        text += &format!(
            r#"(alias core export $i{before} "f" (core func $f{number}))
               (core instance $i{number} (export "f" (func $f{number})))"#
        );
    }
    text += r#"(core instance $b (instantiate $b (with "a" (instance $i200))))
               (func (export "f") (canon lift (core func $b "f")))"#;
    assert_eq!(refused(&text), "a definition is passed on too often");
}
