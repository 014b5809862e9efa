//! Replays the corpora of the fuzz targets: inputs of every kind that fuzzing found, and those that once broke a parser.

use std::{
    path::Path,
    time::{Duration, Instant},
};

/// The longest time for one input, on a busy machine without optimisation.
const LONGEST: Duration = Duration::from_secs(5);

#[test]
fn no_parser_panics_or_hangs_on_any_input_of_its_corpus() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in tasker_fuzz_tests::TARGETS {
        let inputs = std::fs::read_dir(corpora.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut count = 0;
        for input in inputs {
            let path = input.unwrap().path();
            let begun = Instant::now();
            target(&std::fs::read(&path).unwrap());
            assert!(begun.elapsed() < LONGEST, "{}: {:?}", path.display(), begun.elapsed());
            count += 1;
        }
        assert!(count >= 3, "{name} has {count} inputs");
    }
}
