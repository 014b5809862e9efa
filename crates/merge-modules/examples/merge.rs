//! Merges a component as `tasker build` does: `cargo run -p tasker-merge-modules --example merge -- <in.wasm> <out.wasm>`. What
//! cannot be merged is copied.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let from = arguments.next().ok_or("which component?")?;
    let to = arguments.next().ok_or("where to?")?;
    let wasm = std::fs::read(from)?;
    let merged = match tasker_merge_modules::merge(&wasm) {
        Ok(merged) => merged,
        Err(refusal) => {
            eprintln!("merge: it stays as it is, because {refusal}");
            None
        }
    };
    std::fs::write(to, merged.map_or(wasm, |merged| merged.wasm))?;
    Ok(())
}
