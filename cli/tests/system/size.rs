//! The size of a minimal component: the overhead of the SDK in every handler.

use crate::{
    program::{run, tasker},
    project::{Project, benchmark_shapes},
};

/// The maximum size of the smallest component, in bytes.
const LIMIT: u64 = 200_000;

#[test]
fn a_small_component_is_small() {
    let project = Project::new(&[benchmark_shapes()]);
    let built = run(tasker(project.path()).args(["--json", "build"]));
    assert_eq!(built.code, Some(0), "{built:#?}");
    let size = built.json()[0]["size_bytes"].as_u64().expect("a size");
    println!("{size} bytes");
    assert!(size < LIMIT, "a component of one small handler has {size} bytes; {LIMIT} are allowed");
}
