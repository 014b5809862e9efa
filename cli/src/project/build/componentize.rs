//! Makes a component of a core module: what compilers of languages without components of their own put out.

use anyhow::{Context, Result};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// How sections with the type of a component begin, as binding generators name them.
const TYPE_SECTION: &str = "component-type";

/// All that handlers may import. Of these, a component imports what its module imports.
const WORLD: &str = "
    package tasker:component;
    world component {
        include tasker:handler/handlers@1.0.0;
        import wasi:config/store@0.2.0-rc.1;
        import wasi:logging/logging@0.1.0-draft;
        import wasi:keyvalue/store@0.2.0-draft2;
        import wasi:keyvalue/atomics@0.2.0-draft2;
        import wasi:keyvalue/batch@0.2.0-draft2;
        import wasi:http/outgoing-handler@0.2.9;
    }
";

macro_rules! interfaces {
    ($($file:literal),*) => {
        [$(($file, include_str!(concat!("../../../../handler-sdk/python/tasker_handler/wit/deps/", $file)))),*]
    };
}

/// The packages that the world names, each after those that it uses.
const PACKAGES: [(&str, &str); 7] = interfaces![
    "handler/handler.wit",
    "io/io.wit",
    "clocks/clocks.wit",
    "http/http.wit",
    "config/config.wit",
    "keyvalue/keyvalue.wit",
    "logging/logging.wit"
];

/// Makes a component of a core module that exports `step-handler` and imports interfaces of the contract and of WASI preview 1.
/// A module without a component type gets that of [`WORLD`].
///
/// # Errors
/// Which import or export is not one of the contract.
pub(crate) fn componentize(mut module: Vec<u8>) -> Result<Vec<u8>> {
    if !has_type(&module)? {
        let (resolve, world) = world()?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    }
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.adapter(PREVIEW1, ADAPTER))
        .and_then(|mut encoder| encoder.encode())
        .context("making a component of the module")
}

/// The world of a component that imports all that handlers may import.
pub(super) fn world() -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    for (name, text) in PACKAGES {
        resolve.push_str(name, text).with_context(|| format!("reading {name}"))?;
    }
    let package = resolve.push_str("component.wit", WORLD).context("reading the world of handlers")?;
    let world = resolve.select_world(&[package], Some("component"))?;
    Ok((resolve, world))
}

fn has_type(module: &[u8]) -> Result<bool> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload.context("the compiler made no valid module")?
            && section.name().starts_with(TYPE_SECTION)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with the exports of the contract, and one import.
    fn module(module: &str, name: &str, signature: &str) -> Vec<u8> {
        wat::parse_str(format!(
            r#"(module
                (import "{module}" "{name}" (func {signature}))
                (memory (export "memory") 1)
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "tasker:handler/step-handler@1.0.0#describe") (result i32) unreachable)
                (func (export "tasker:handler/step-handler@1.0.0#handle") (param i32) (result i32) unreachable))"#
        ))
        .unwrap()
    }

    #[test]
    fn a_module_becomes_a_component_that_imports_what_the_module_imports() {
        for (package, name, signature) in [
            ("tasker:handler/execution@1.0.0", "cancelled", "(result i32)"),
            ("wasi_snapshot_preview1", "proc_exit", "(param i32)"),
        ] {
            let component = componentize(module(package, name, signature)).unwrap();
            assert!(Parser::is_component(&component));
            let text = String::from_utf8_lossy(&component);
            assert_eq!(text.contains("tasker:handler/execution@1.0.0"), package.starts_with("tasker"));
            assert!(
                text.contains("tasker:handler/step-handler@1.0.0") && !text.contains("wasi:http"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_import_that_is_not_of_the_contract_is_named() {
        let error = componentize(module("env", "steal", "")).unwrap_err();
        assert!(format!("{error:#}").contains("env"), "{error:#}");
    }
}
