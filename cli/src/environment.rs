//! The environment of this process, and the part of it that child processes get.

use std::{env, ffi::OsString};

/// The variables that every program may need: where things are, how to speak, how to reach the network.
const COMMON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR",
    "XDG_*",
    "LD_LIBRARY_PATH",
    "DYLD_*",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSH_AUTH_SOCK",
    "*_PROXY",
    "*_proxy",
    "CI",
];
/// The variables of Rust's tools and of the C compilers that they run, and of the tools of Node, Python, Go, Zig and Ruby.
const BUILD: &[&str] = &[
    "NODE_EXTRA_CA_CERTS",
    "NPM_CONFIG_*",
    "npm_config_*",
    "PIP_*",
    "GOCACHE",
    "GOFLAGS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "ZIG_GLOBAL_CACHE_DIR",
    "GEM_HOME",
    "GEM_PATH",
    // Not all of Bundler's: BUNDLE_ and the name of a host is a user with a password, and a mirror's address may hold one.
    "BUNDLE_PATH",
    "BUNDLE_CACHE_PATH",
    "BUNDLE_USER_HOME",
    "BUNDLE_USER_CACHE",
    "BUNDLE_JOBS",
    "BUNDLE_RETRY",
    "BUNDLE_TIMEOUT",
    "BUNDLE_SSL_CA_CERT",
    "BUNDLE_SSL_VERIFY_MODE",
    "RUBYOPT",
    "RBENV_*",
    "CARGO_*",
    "RUSTUP_*",
    "RUSTC*",
    "RUSTDOC*",
    "RUST_BACKTRACE",
    "CC",
    "CC_*",
    "CXX",
    "CXX_*",
    "AR",
    "AR_*",
    "CFLAGS*",
    "CXXFLAGS*",
    "PKG_CONFIG*",
    "WASI_SDK_PATH",
    "WASI_SYSROOT",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "NIX_SSL_CERT_FILE",
    "NIX_CFLAGS_COMPILE",
    "NIX_LDFLAGS",
    "NIX_CC",
    "CPATH",
    "LIBRARY_PATH",
    "PROTOC",
    "LIBCLANG_PATH",
    "SDKROOT",
    "DEVELOPER_DIR",
];
/// The user's flags for native code do not apply to WebAssembly, and the components have a target folder of their own.
const NOT_FOR_COMPONENTS: &[&str] = &["CARGO_TARGET_DIR", "CARGO_BUILD_RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];
/// The words in the name of a variable that holds a secret.
const SECRET: &[&str] = &["TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "API_KEY", "_AUTH"];
/// Has one of these words, but holds the path of a socket.
const NO_SECRET: &[&str] = &["SSH_AUTH_SOCK"];

/// Returns the variables whose names and values are UTF-8. Tasker reads no others.
pub(crate) fn utf8() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Returns the environment of a build. It runs code of other people: build scripts and macros of every dependency. So it
/// gets what Rust's tools use, and no secrets of handlers, databases or clouds; and the variables that the project names.
pub(crate) fn for_builds(named: &[String]) -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(|(name, _)| {
        name.to_str().is_some_and(|name| is_for_builds(name) || named.iter().any(|one| one == name))
    })
}

fn is_for_builds(name: &str) -> bool {
    let is_one_of = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, name));
    (is_one_of(COMMON) || is_one_of(BUILD))
        && !is_one_of(NOT_FOR_COMPONENTS)
        && (NO_SECRET.contains(&name) || !SECRET.iter().any(|word| name.to_ascii_uppercase().contains(word)))
}

/// Returns whether a name matches a pattern with at most one `*`, at its start or its end.
fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_get_what_tools_need_and_no_secrets() {
        for name in [
            "PATH",
            "HOME",
            "LC_ALL",
            "SSH_AUTH_SOCK",
            "CARGO_HOME",
            "RUSTUP_TOOLCHAIN",
            "https_proxy",
            "CC_wasm32_wasip2",
            "NPM_CONFIG_REGISTRY",
            "GEM_HOME",
            "GEM_PATH",
            "BUNDLE_CACHE_PATH",
            "BUNDLE_JOBS",
        ] {
            assert!(is_for_builds(name), "{name}");
        }
        for name in [
            "TASKER_SECRET_PAYMENT",
            "DATABASE_URL",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_PROFILE",
            "RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_REGISTRY_TOKEN",
            "CARGO_REGISTRIES_OWN_TOKEN",
            "GITHUB_TOKEN",
            "GIT_PASSWORD",
            "PGPASSWORD",
            "GEM_HOST_API_KEY",
            "BUNDLE_GEMS__EXAMPLE__COM",
            "BUNDLE_GITHUB__COM",
            "BUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/",
            "BUNDLE_SSL_CLIENT_CERT",
            "npm_config__auth",
            "NPM_CONFIG__AUTH",
            "PIP_EXAMPLE_API_KEY",
        ] {
            assert!(!is_for_builds(name), "{name}");
        }
    }
}
