//! Compiles the `.proto` files into the descriptors that the services work by. Needs no `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).open_file("tasker/v1/services.proto")?;
    // With the options of `options.proto`, which typed descriptors lose.
    let descriptors = compiler.encode_file_descriptor_set();
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin"), descriptors)?;
    Ok(())
}
