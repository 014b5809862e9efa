//! Compiles a component. The only code that parses whole untrusted WebAssembly binaries.

use wasmparser::{Parser, Payload};
use wasmtime::Engine;

use super::adapt::adapt;
use crate::CompileError;
use crate::component::artifact::Artifact;

/// Compiles a component, or a core module after converting it. Takes seconds for large components.
pub(super) fn compile(engine: &Engine, wasm: &[u8]) -> Result<Artifact, CompileError> {
    let adapted;
    let component = if Parser::is_component(wasm) {
        wasm
    } else if Parser::is_core_wasm(wasm) {
        adapted = adapt(wasm)?;
        &adapted
    } else {
        return Err(CompileError::Invalid("the bytes are not WebAssembly".to_owned()));
    };
    let core_instances = count_core_instances(component)?;
    let code = engine.precompile_component(component).map_err(invalid)?;
    Ok(Artifact { core_instances, code })
}

fn count_core_instances(component: &[u8]) -> Result<u32, CompileError> {
    let mut count = 0;
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::InstanceSection(instances) = payload.map_err(invalid)? {
            for instance in instances {
                if matches!(instance.map_err(invalid)?, wasmparser::Instance::Instantiate { .. }) {
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}

fn invalid(error: impl Into<wasmtime::Error>) -> CompileError {
    CompileError::Invalid(format!("{:#}", error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine {
        crate::engine::compiler().unwrap()
    }

    #[test]
    fn what_is_no_webassembly_is_refused() {
        assert!(matches!(compile(&engine(), b"#!/bin/sh"), Err(CompileError::Invalid(_))));
        assert!(matches!(compile(&engine(), b""), Err(CompileError::Invalid(_))));
    }

    #[test]
    fn native_code_is_refused_even_when_this_engine_made_it() {
        let code = compile(&engine(), b"\0asm\x0d\0\x01\0").unwrap().code;
        assert!(matches!(compile(&engine(), &code), Err(CompileError::Invalid(_))));
    }

    #[test]
    fn a_module_with_foreign_imports_is_refused_by_name() {
        let module =
            wat::parse_str(r#"(module (import "env" "steal" (func)) (func (export "_start")))"#).unwrap();
        let Err(CompileError::NotACommand(why)) = compile(&engine(), &module) else {
            panic!("a module with unknown imports was accepted")
        };
        assert!(why.contains("env"), "{why}");
    }
}
