//! Projects in temporary folders, with components of this repository.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use tasker_test_support::Counter;
use tempfile::TempDir;

/// A project that is deleted when this is dropped.
pub(crate) struct Project {
    folder: TempDir,
}

/// A step of a template: its name, its duration in milliseconds, and its dependencies.
pub(crate) type Step = (&'static str, u64, &'static [&'static str]);

/// The package with counted handlers.
pub(crate) fn counted_handlers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/handlers")
}

/// The package with the benchmark's workflows.
pub(crate) fn benchmark_shapes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/benchmark-shapes")
}

impl Project {
    /// Creates a project with these components, without templates.
    pub(crate) fn new(components: &[PathBuf]) -> Self {
        let folder =
            tempfile::Builder::new().prefix("tasker-system-").tempdir().expect("a temporary folder is made");
        let components: Vec<String> =
            components.iter().map(|path| format!("{:?}", path.display().to_string())).collect();
        let text = format!("[project]\nname = \"system\"\ncomponents = [{}]\n", components.join(", "));
        let project = Self { folder };
        project.write("tasker.toml", &text);
        project.write("templates/.keep", "");
        project
    }

    /// The folder of the project.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder is made");
        fs::write(path, content).expect("the file is written");
    }

    /// Adds a workflow of counted handlers.
    pub(crate) fn add_counted(&self, name: &str, counter: &Counter, steps: &[Step]) {
        // The attempt of a killed host counts, and no task may run out of attempts.
        self.add_padded(name, counter, steps, 0, 20);
    }

    /// As [`Project::add_counted`], with results of this many bytes, and this many attempts.
    pub(crate) fn add_padded(
        &self,
        name: &str,
        counter: &Counter,
        steps: &[Step],
        bytes: usize,
        attempts: usize,
    ) {
        let mut text = format!(
            "name: {name}\nnamespace_name: system\nversion: 1.0.0\nidentity_strategy: always_unique\nsteps:\n"
        );
        let url = counter.url();
        for (step, hold_ms, dependencies) in steps {
            let _ = write!(
                text,
                "  - name: {step}\n    dependencies: [{}]\n    handler: {{ callable: counted, initialization: {{ \
                 counter: {url:?}, hold_ms: {hold_ms}, padding_bytes: {bytes} }} }}\n    grants: {{ http: [{url:?}], private_networks: \
                 [127.0.0.1/32] }}\n    retry: {{ max_attempts: {attempts}, backoff: linear, backoff_base_ms: 100 }}\n",
                dependencies.join(", ")
            );
        }
        self.write(&format!("templates/{name}.yaml"), &text);
    }
}
