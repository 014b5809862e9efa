//! What can go wrong around an execution. What goes wrong inside one is a `Failure`, never an error.

use std::path::PathBuf;
use std::time::Duration;

/// The host could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine refused its settings, or could not reserve memory even without a pool.
    #[error("the WebAssembly engine could not start: {0}")]
    Engine(#[source] wasmtime::Error),
    /// The cache folder cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The thread that keeps time could not be started.
    #[error("the thread that interrupts running handlers could not start: {0}")]
    Ticker(#[source] std::io::Error),
    /// No TLS for outbound requests.
    #[error("TLS could not be set up: {0}")]
    Tls(#[source] rustls::Error),
}

/// The cache of compiled components cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Others could write native code for us to run.
    #[error(
        "the folder {path} for compiled components belongs to another user: remove it or set `cache_dir`",
        path = path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// The system gave no random bytes for the cache's key.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
}

/// A component could not be made ready to run.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// Its bytes could not be had.
    #[error(transparent)]
    Source(#[from] ComponentSourceError),
    /// Its bytes are not the ones that the digest names.
    #[error("component {expected} arrived with other content (SHA-256 {found}): publish it again")]
    DigestMismatch {
        /// The digest that was asked for.
        expected: String,
        /// The digest of what came.
        found: String,
    },
    /// It is larger than this host accepts.
    #[error(
        "the component has {size} bytes, more than the {limit} this host accepts (`max_component_bytes`)"
    )]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// It could not be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Its compiled form is not what its publisher has made.
    #[error(
        "the compiled component {name} does not carry the seal of its publisher: it was changed, or sealed with another \
         key. Publish it again"
    )]
    BrokenSeal {
        /// What it is called.
        name: String,
    },
    /// This host compiles nothing, and nobody has compiled it for it.
    #[error(
        "there is no compiled component {name}, and this host compiles none: publish it for its architecture"
    )]
    NotCompiled {
        /// What it would be called.
        name: String,
    },
    /// It imports what no host offers.
    #[error(
        "the component imports {}, which Tasker does not offer. A handler may import `tasker:handler`, \
         `wasi:cli`, `wasi:clocks`, `wasi:random`, `wasi:io`, `wasi:http`, `wasi:config` and `wasi:logging`: \
         build it without the others, or compose it with a component that provides them",
        imports.join(", ")
    )]
    MissingImports {
        /// The names of the imports.
        imports: Vec<String>,
    },
    /// Its imports or exports do not have the types of the contract.
    #[error(
        "the component does not fit `tasker:handler@1.0.0`: {0:#}. Build it against the WIT of this version"
    )]
    WrongWorld(#[source] wasmtime::Error),
    /// It exports neither the contract nor a command.
    #[error(
        "the component exports neither `tasker:handler/step-handler@1.0.0` nor `wasi:cli/run`: it holds no \
         handler"
    )]
    NoHandlers,
    /// The compiled code could not be loaded.
    #[error("the compiled component could not be loaded: {0}")]
    Load(#[source] wasmtime::Error),
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The runtime is shutting down.
    #[error("the host is shutting down")]
    ShuttingDown,
    /// Asked for its handlers, it failed.
    #[error("asked for its handlers (`describe`), the component failed: {error_type}: {message}")]
    Describe {
        /// The kind of failure.
        error_type: String,
        /// What happened.
        message: String,
    },
    /// It describes its handlers wrongly.
    #[error("the component describes its handlers wrongly: {0}")]
    InvalidDescription(String),
}

impl ComponentError {
    /// Whether the same component may load another time: the trouble is the host's or its storage's.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Source(error) => error.retryable(),
            Self::Compile(error) => error.retryable(),
            Self::Cache(_) | Self::Load(_) | Self::ShuttingDown => true,
            _ => false,
        }
    }
}

/// The bytes of a component could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ComponentSourceError {
    /// There is none of that digest.
    #[error("there is no component {digest}: publish it, or check which component store this host reads")]
    NotFound {
        /// Its digest.
        digest: String,
    },
    /// The store failed.
    #[error("component {digest} could not be read: {source}")]
    Unavailable {
        /// Its digest.
        digest: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ComponentSourceError {
    /// Whether asking again may succeed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// A component could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is no WebAssembly, or uses what this engine does not allow.
    #[error("the component is not valid: {0}")]
    Invalid(String),
    /// A core module that cannot be made a component.
    #[error(
        "the core module could not be made a component: {0}. It must import only `wasi_snapshot_preview1` and \
         export `_start`, or carry an embedded component type"
    )]
    NotACommand(String),
    /// It took longer than allowed.
    #[error("compiling took longer than {} s (`compile_timeout_seconds`)", .0.as_secs())]
    TimedOut(Duration),
    /// The compiling process could not be run, or failed in itself.
    #[error("the compiler process failed: {0}")]
    Process(String),
    /// The compiling process was built with another engine than this one.
    #[error("the compiler program was built with another engine: use the `compiler` of the same release")]
    ForeignCompiler,
    /// A file that is exchanged with the compiling process failed.
    #[error("cannot exchange files with the compiler: {0}")]
    Io(#[from] std::io::Error),
}

impl CompileError {
    /// Whether compiling again may succeed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Process(_) | Self::Io(_))
    }
}
