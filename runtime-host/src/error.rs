//! Errors outside of executions. A problem inside an execution is a `Failure`, not an error.

use std::path::PathBuf;
use std::time::Duration;

/// The host could not start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine rejected its configuration or could not reserve memory, even without a pool.
    #[error("the WebAssembly engine could not start: {0}")]
    Engine(#[source] wasmtime::Error),
    /// The cache folder is unusable.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The epoch thread could not start.
    #[error("the thread that interrupts running handlers could not start: {0}")]
    Ticker(#[source] std::io::Error),
    /// TLS for outbound requests could not be initialized.
    #[error("TLS could not be set up: {0}")]
    Tls(#[source] rustls::Error),
}

/// The cache of compiled components is unusable.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// The operation.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The cache folder belongs to another user, who could make us run native code.
    #[error(
        "the folder {path} for compiled components belongs to another user: remove it or set `cache_dir`",
        path = path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// The system returned no random bytes for the cache key.
    #[error("the system returned no random bytes: {0}")]
    Random(getrandom::Error),
}

/// Why a component could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// Its bytes could not be fetched.
    #[error(transparent)]
    Source(#[from] ComponentSourceError),
    /// Its bytes do not match the digest.
    #[error(
        "the content of component {expected} does not match its digest (SHA-256 {found}): publish it again"
    )]
    DigestMismatch {
        /// The requested digest.
        expected: String,
        /// The digest of the received bytes.
        found: String,
    },
    /// It exceeds the size limit of this host.
    #[error(
        "the component has {size} bytes, more than the {limit} this host accepts (`max_component_bytes`)"
    )]
    TooLarge {
        /// Its size, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// It could not be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The compiled form has no valid seal of its publisher.
    #[error(
        "the compiled component {name} has no valid seal of its publisher: it was changed, or sealed with another \
         key. Publish it again"
    )]
    BrokenSeal {
        /// The name of the compiled component.
        name: String,
    },
    /// This host has no compiler, and no publisher compiled the component for its architecture.
    #[error(
        "there is no compiled component {name}, and this host has no compiler: publish it for this architecture"
    )]
    NotCompiled {
        /// The name that the compiled component would have.
        name: String,
    },
    /// It imports interfaces that the host does not offer.
    #[error(
        "the component imports {}, which Tasker does not offer. A handler may import `tasker:handler`, \
         `wasi:cli`, `wasi:clocks`, `wasi:random`, `wasi:io`, `wasi:http`, `wasi:config`, `wasi:keyvalue` and \
         `wasi:logging`: build it without the others, or compose it with a component that provides them",
        imports.join(", ")
    )]
    MissingImports {
        /// The imported interfaces.
        imports: Vec<String>,
    },
    /// Its imports or exports do not have the types of the contract.
    #[error(
        "the component does not match `tasker:handler@1.0.0`: {0:#}. Build it against the WIT of this version"
    )]
    WrongWorld(#[source] wasmtime::Error),
    /// It exports neither the contract nor a command.
    #[error(
        "the component exports neither `tasker:handler/step-handler@1.0.0` nor `wasi:cli/run`: it contains no \
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
    /// The component's `describe` failed.
    #[error("`describe` of the component failed: {error_type}: {message}")]
    Describe {
        /// The kind of failure.
        error_type: String,
        /// What happened.
        message: String,
    },
    /// The output of `describe` is invalid.
    #[error("the output of the component's `describe` is invalid: {0}")]
    InvalidDescription(String),
}

impl ComponentError {
    /// Whether the store of components is away.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Source(ComponentSourceError::Unavailable { .. }))
    }

    /// Whether a later attempt may succeed, because the host or its storage failed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Source(error) => error.retryable(),
            Self::Compile(error) => error.retryable(),
            Self::Cache(_) | Self::Load(_) | Self::ShuttingDown => true,
            _ => false,
        }
    }
}

/// Why the bytes of a component could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum ComponentSourceError {
    /// No component has this digest.
    #[error("there is no component {digest}: publish it, or check which component store this host reads")]
    NotFound {
        /// The digest.
        digest: String,
    },
    /// The store failed.
    #[error("component {digest} could not be fetched: {source}")]
    Unavailable {
        /// The digest.
        digest: String,
        /// The error of the store.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ComponentSourceError {
    /// Whether a later attempt may succeed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Why a component could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is not WebAssembly, or uses features that the engine does not allow.
    #[error("the component is not valid: {0}")]
    Invalid(String),
    /// The core module could not be converted to a component.
    #[error(
        "the core module could not be converted to a component: {0}. It must import only `wasi_snapshot_preview1` and \
         export `_start`, or carry an embedded component type"
    )]
    NotACommand(String),
    /// Compilation took too long.
    #[error("compiling took longer than {} s (`compile_timeout_seconds`)", .0.as_secs())]
    TimedOut(Duration),
    /// The child process could not be run or failed.
    #[error("the compiler process failed: {0}")]
    Process(String),
    /// The child process uses another engine version.
    #[error("the compiler program was built with another engine: use the `compiler` of the same release")]
    ForeignCompiler,
    /// Files could not be exchanged with the child process.
    #[error("cannot exchange files with the compiler: {0}")]
    Io(#[from] std::io::Error),
}

impl CompileError {
    /// Whether a later attempt may succeed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Process(_) | Self::Io(_))
    }
}
