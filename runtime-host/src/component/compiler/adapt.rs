//! Converts a core module to a component: a preview-1 command, or a module with an embedded component type.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1,
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR_ADAPTER,
};
use wasm_encoder::ImportSection;
use wasm_encoder::reencode::{self, Reencode};
use wasmparser::{ImportSectionReader, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::CompileError;

/// The adapter reduces `proc_exit` to success or failure, but a handler's exit code also tells whether to
/// retry. So this import bypasses the adapter and passes the exit code through.
const EXIT: &str = "
    package wasi:cli@0.2.0;
    interface exit { exit-with-code: func(status-code: u8); }
    world command { import exit; }
";

/// The module and the name of that import.
const EXIT_IMPORT: (&str, &str) = ("wasi:cli/exit@0.2.0", "exit-with-code");

/// Converts a core module to a component: to a command if it has an entry point, else by its embedded
/// component type.
pub(super) fn adapt(module: &[u8]) -> Result<Vec<u8>, CompileError> {
    if exports_start(module)? {
        let mut module = with_exit_code(module)?;
        let mut resolve = Resolve::default();
        let package = resolve.push_str("exit.wit", EXIT).map_err(not_a_command)?;
        let world = resolve.select_world(&[package], Some("command")).map_err(not_a_command)?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(not_a_command)?;
        encode(&module, COMMAND_ADAPTER)
    } else {
        encode(module, REACTOR_ADAPTER)
    }
}

/// Adds the adapter, and merges the module with it: a merged component starts faster.
fn encode(module: &[u8], adapter: &[u8]) -> Result<Vec<u8>, CompileError> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.adapter(PREVIEW1, adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(not_a_command)?;
    match tasker_merge_modules::merge(&component) {
        Ok(Some(merged)) => Ok(merged.wasm),
        // What cannot be merged runs as it is.
        Ok(None) | Err(_) => Ok(component),
    }
}

fn exports_start(module: &[u8]) -> Result<bool, CompileError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload.map_err(invalid)? {
            for export in exports {
                if export.map_err(invalid)?.name == "_start" {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// Redirects the module's `proc_exit` import.
fn with_exit_code(module: &[u8]) -> Result<Vec<u8>, CompileError> {
    struct Redirect;
    impl Reencode for Redirect {
        type Error = std::convert::Infallible;

        fn parse_import_section(
            &mut self,
            imports: &mut ImportSection,
            section: ImportSectionReader<'_>,
        ) -> Result<(), reencode::Error<Self::Error>> {
            for import in section.into_imports() {
                let mut import = import?;
                if (import.module, import.name) == (PREVIEW1, "proc_exit") {
                    (import.module, import.name) = EXIT_IMPORT;
                }
                self.parse_import(imports, import)?;
            }
            Ok(())
        }
    }
    let mut redirected = wasm_encoder::Module::new();
    Redirect.parse_core_module(&mut redirected, Parser::new(0), module).map_err(not_a_command)?;
    Ok(redirected.finish())
}

fn not_a_command(error: impl std::fmt::Display) -> CompileError {
    CompileError::NotACommand(format!("{error:#}"))
}

fn invalid(error: impl std::fmt::Display) -> CompileError {
    CompileError::Invalid(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commands_exit_code_goes_past_the_adapter() {
        let module = wat::parse_str(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const 2))))"#,
        )
        .unwrap();
        let redirected = String::from_utf8_lossy(&with_exit_code(&module).unwrap()).into_owned();
        assert!(redirected.contains("exit-with-code") && !redirected.contains("proc_exit"), "{redirected}");
        let component = String::from_utf8_lossy(&adapt(&module).unwrap()).into_owned();
        assert!(component.contains("exit-with-code"), "{component}");
    }
}
