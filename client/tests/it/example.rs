//! The example in the documentation is the one that compiles.

use std::{fs, path::Path};

#[test]
fn the_readme_shows_the_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = fs::read_to_string(folder.join("examples/order.rs")).unwrap();
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        readme.contains(&format!("```rust\n{example}```")),
        "README.md does not contain examples/order.rs"
    );
}
