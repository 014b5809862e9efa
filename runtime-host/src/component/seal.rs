//! Seals on compiled components. A compiled component is native code that the host runs, so nothing is loaded but what
//! carries the MAC of somebody who may make such: this host itself, or a publisher whose key it was given.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::artifact::Artifact;
use crate::ComponentError;

type HmacSha256 = Hmac<Sha256>;

/// Opens every sealed artifact; another value is another layout.
const MAGIC: &[u8; 16] = b"tasker-aot-v1\0\0\0";

/// What we do to a component before the engine compiles it: raise it whenever `compiler` changes.
const REVISION: u32 = 3;

/// The engine whose code this process can run. It refuses any other's; here it names what to ask for.
const ENGINE: &str = "wasmtime-48.0.8";

/// Length of a host's own key: one block of the hash.
pub(super) const KEY_LENGTH: usize = 64;

/// Length of the MAC that follows.
const MAC_LENGTH: usize = 32;

/// The shortest key that a publisher may have, in bytes: in hexadecimal, 32 random ones.
const MIN_PUBLISHER_KEY: usize = 64;

/// What code compiled by this engine depends on.
#[cfg(feature = "compiler")]
pub(super) fn compatibility(engine: &Engine) -> [u8; 32] {
    use std::hash::{Hash, Hasher};

    /// `std::hash` into SHA-256: the standard hasher is not the same from one Rust release to the next.
    struct Sha256Hasher(Sha256);

    impl Hasher for Sha256Hasher {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        fn finish(&self) -> u64 {
            let hash: [u8; 32] = self.0.clone().finalize().into();
            u64::from_le_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
        }
    }

    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.write(&REVISION.to_le_bytes());
    hasher.0.finalize().into()
}

/// What code that this engine runs depends on: it compiles none, and refuses what does not fit when it loads it.
#[cfg(not(feature = "compiler"))]
pub(super) fn compatibility(_: &Engine) -> [u8; 32] {
    Sha256::digest(format!("{ENGINE} {REVISION}")).into()
}

/// What a publisher calls the compiled form of a component, for hosts of one architecture (`x86_64`, `aarch64`).
pub fn compiled_name(digest: &str, architecture: &str) -> String {
    format!("{digest}-{ENGINE}-{REVISION}-{architecture}")
}

/// The key under which a publisher seals what it compiles.
#[derive(Clone)]
pub struct PublisherKey(Vec<u8>);

impl PublisherKey {
    /// From a secret of at least 64 characters. None: there are fewer.
    pub fn from_secret(text: &str) -> Option<Self> {
        let key = text.trim().as_bytes();
        (key.len() >= MIN_PUBLISHER_KEY).then(|| Self(key.to_vec()))
    }

    /// The seal on what is compiled for others, under the name that it is published by.
    pub(super) fn seal(&self) -> Seal {
        Seal { key: self.0.clone(), context: ENGINE.to_owned() }
    }
}

impl fmt::Debug for PublisherKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PublisherKey(***)")
    }
}

/// Seals and opens artifacts under one key.
pub(super) struct Seal {
    key: Vec<u8>,
    /// What all of them have in common.
    context: String,
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Seal").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Seal {
    /// A host's own, for one engine.
    pub(super) fn new(key: [u8; KEY_LENGTH], compatibility: &str) -> Self {
        Self { key: key.into(), context: compatibility.to_owned() }
    }

    /// The artifact under a MAC that covers its name too: a sound one renamed to another component's is refused.
    pub(super) fn seal(&self, name: &str, artifact: &Artifact) -> Vec<u8> {
        let encoded = artifact.encode();
        let mac = self.mac(name, &encoded).finalize().into_bytes();
        [&MAGIC[..], &mac, &encoded].concat()
    }

    /// The artifact inside, if its seal is whole.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Verified> {
        let rest = sealed.strip_prefix(MAGIC)?;
        let (mac, artifact) = rest.split_at_checked(MAC_LENGTH)?;
        self.mac(name, artifact).verify_slice(mac).ok()?;
        Artifact::decode(artifact).map(Verified)
    }

    fn mac(&self, name: &str, artifact: &[u8]) -> HmacSha256 {
        // HMAC takes keys of every length; this cannot fail.
        let mut mac = <HmacSha256 as KeyInit>::new_from_slice(&self.key)
            .unwrap_or_else(|_| <HmacSha256 as KeyInit>::new(&[0; KEY_LENGTH].into()));
        for part in [self.context.as_bytes(), name.as_bytes(), artifact] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

/// Native code that came out of our own compiler just now, or from under a seal that was whole.
pub(crate) struct Verified(Artifact);

impl Verified {
    /// The compiler's output, which never left this host.
    #[cfg(feature = "compiler")]
    pub(super) fn compiled_here(artifact: Artifact) -> Self {
        Self(artifact)
    }

    pub(super) fn artifact(&self) -> &Artifact {
        &self.0
    }

    /// Core module instances of the component.
    pub(super) fn core_instances(&self) -> u32 {
        self.0.core_instances
    }

    /// Maps the code into this process.
    pub(super) fn load(&self, engine: &Engine) -> Result<Component, ComponentError> {
        #[expect(unsafe_code, reason = "loading compiled code is unsafe by nature; this is the only place")]
        // SAFETY: `deserialize` demands bytes that wasmtime's `serialize` or `precompile` wrote, unchanged. A
        // `Verified` exists only for such: `compiled_here` takes the compiler's output, and `Seal::open` checks these
        // very bytes (not a file that could change meanwhile) against a MAC that only a holder of the key can make:
        // this host, whose key lies in its private folder, or a publisher, whom the operator trusts to compile for it.
        // What was compiled for another engine or processor is refused by `deserialize` itself.
        let component = unsafe { Component::deserialize(engine, &self.0.code) };
        component.map_err(ComponentError::Load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Seal {
        PublisherKey(vec![byte; 32]).seal()
    }

    #[test]
    fn what_was_changed_renamed_or_sealed_by_another_is_refused() {
        let artifact = Artifact { core_instances: 3, code: b"native code".to_vec() };
        let sealed = key(1).seal("a", &artifact);
        assert_eq!(key(1).open("a", &sealed).unwrap().core_instances(), 3);
        assert!(key(2).open("a", &sealed).is_none());
        assert!(key(1).open("b", &sealed).is_none());
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert!(key(1).open("a", &damaged).is_none(), "byte {position} may be changed unnoticed");
        }
    }

    #[test]
    fn a_publishers_key_is_long_enough_and_not_the_white_space_around_it() {
        let sealed = |key: &str| {
            let artifact = Artifact { core_instances: 1, code: Vec::new() };
            Some(PublisherKey::from_secret(key)?.seal().seal("a", &artifact))
        };
        assert_eq!(sealed(&"0f".repeat(32)), sealed(&format!(" {}\n", "0f".repeat(32))));
        assert!(sealed(&"0f".repeat(32)).is_some());
        assert!(sealed(&format!("{} ", "x".repeat(63))).is_none());
    }

    #[test]
    fn the_engine_is_called_by_its_version() {
        let lock = include_str!("../../../Cargo.lock");
        let (name, version) = ENGINE.split_once('-').unwrap();
        assert!(
            lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")),
            "wasmtime is another by now"
        );
    }
}
