//! Seals of compiled components. A compiled component is native code that the host runs, so the host loads
//! only code with a proof of origin: its own MAC, or the signature of a publisher whose public key it was
//! given. Therefore no host can create code for another.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use tasker_transport::sha256_hex;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::artifact::Artifact;
use crate::ComponentError;

type HmacSha256 = Hmac<Sha256>;

/// The start of every sealed artifact; identifies the layout. It is followed by the length of the proof in
/// one byte, the proof, and the artifact.
const MAGIC: &[u8; 16] = b"tasker-aot-v2\0\0\0";

/// The revision of our own processing and layout. Increase it whenever `compiler` or the layout changes, so
/// that older and newer hosts look up different entries.
const REVISION: u32 = 5;

/// The engine version in names of compiled components. The engine itself rejects code of other versions.
const ENGINE: &str = "wasmtime-48.0.8";

/// The length of a host's MAC key: one block of the hash.
pub(super) const KEY_LENGTH: usize = 64;

/// The start of the DER encoding of a NIST P-256 public key. The uncompressed point follows.
const P256: &[u8; 26] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// The length of the point.
const POINT: usize = 65;

/// A hash of the engine settings that compiled code depends on.
#[cfg(feature = "compiler")]
pub(super) fn compatibility(engine: &Engine) -> [u8; 32] {
    use std::hash::{Hash, Hasher};

    /// Feeds `std::hash` into SHA-256, because the standard hasher may change between Rust releases.
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

/// Without a compiler, the version is enough: loading rejects code with other settings.
#[cfg(not(feature = "compiler"))]
pub(super) fn compatibility(_: &Engine) -> [u8; 32] {
    Sha256::digest(format!("{ENGINE} {REVISION}")).into()
}

/// The name under which a publisher stores a compiled component for one architecture (`x86_64`, `aarch64`).
pub fn compiled_name(digest: &str, architecture: &str) -> String {
    format!("{digest}-{ENGINE}-{REVISION}-{architecture}")
}

/// A publisher's public key, ECDSA on NIST P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherKey([u8; POINT]);

impl PublisherKey {
    /// Parses the Base64 of the DER encoding (`SubjectPublicKeyInfo`), as KMS returns it. None if it is not
    /// such a key.
    pub fn from_base64(text: &str) -> Option<Self> {
        Self::from_der(&BASE64_STANDARD.decode(text.trim()).ok()?)
    }

    /// Parses the DER encoding (`SubjectPublicKeyInfo`). None if it is not such a key.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        der.strip_prefix(P256)?.try_into().ok().map(Self)
    }

    /// Whether hosts with this key would load `sealed` under this name.
    pub fn has_sealed(&self, name: &str, sealed: &[u8]) -> bool {
        self.open(name, sealed).is_some()
    }

    /// Returns the artifact if this publisher signed it under this name.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Verified> {
        let (signature, artifact) = unpack(sealed)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0);
        key.verify(statement(name, artifact).as_bytes(), signature).ok()?;
        Artifact::decode(artifact).map(Verified)
    }
}

/// A compiled component, to be signed by its publisher.
#[derive(Debug, Clone)]
#[cfg(feature = "compiler")]
pub struct CompiledComponent {
    name: String,
    artifact: Vec<u8>,
}

#[cfg(feature = "compiler")]
impl CompiledComponent {
    pub(super) fn new(name: String, artifact: &Artifact) -> Self {
        Self { name, artifact: artifact.encode() }
    }

    /// The name under which hosts look it up.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text to sign, with ECDSA on P-256 over its SHA-256.
    pub fn statement(&self) -> String {
        statement(&self.name, &self.artifact)
    }

    /// Combines the artifact with its signature (ASN.1 DER) to the form that hosts load.
    pub fn sealed(&self, signature: &[u8]) -> Vec<u8> {
        pack(signature, &self.artifact)
    }
}

/// The text that a signature covers. It includes the name, so a valid artifact cannot be passed off as
/// another component's.
fn statement(name: &str, artifact: &[u8]) -> String {
    format!("tasker compiled component\n{name}\nsha256 {}\n", sha256_hex(artifact))
}

fn pack(proof: &[u8], artifact: &[u8]) -> Vec<u8> {
    let length = u8::try_from(proof.len()).unwrap_or(u8::MAX);
    [MAGIC, &[length][..], &proof[..length.into()], artifact].concat()
}

fn unpack(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = sealed.strip_prefix(MAGIC)?.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// A host's own seal, for one engine.
pub(super) struct Seal {
    key: [u8; KEY_LENGTH],
    /// The compatibility hash that every MAC covers.
    compatibility: String,
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Seal").field("compatibility", &self.compatibility).finish_non_exhaustive()
    }
}

impl Seal {
    pub(super) fn new(key: [u8; KEY_LENGTH], compatibility: &str) -> Self {
        Self { key, compatibility: compatibility.to_owned() }
    }

    /// Seals an artifact with a MAC that also covers its name.
    pub(super) fn seal(&self, name: &str, artifact: &Artifact) -> Vec<u8> {
        let encoded = artifact.encode();
        let mac = self.mac(name, &encoded).finalize().into_bytes();
        pack(&mac, &encoded)
    }

    /// Returns the artifact if its MAC is valid.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Verified> {
        let (mac, artifact) = unpack(sealed)?;
        self.mac(name, artifact).verify_slice(mac).ok()?;
        Artifact::decode(artifact).map(Verified)
    }

    fn mac(&self, name: &str, artifact: &[u8]) -> HmacSha256 {
        let mut mac = <HmacSha256 as KeyInit>::new(&self.key.into());
        for part in [self.compatibility.as_bytes(), name.as_bytes(), artifact] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

/// Native code from our own compiler, or from an artifact with a valid seal.
pub(crate) struct Verified(Artifact);

impl Verified {
    /// The output of the compiler in this process.
    #[cfg(feature = "compiler")]
    pub(super) fn compiled_here(artifact: Artifact) -> Self {
        Self(artifact)
    }

    pub(super) fn artifact(&self) -> &Artifact {
        &self.0
    }

    /// The number of core module instances in the component.
    pub(super) fn core_instances(&self) -> u32 {
        self.0.core_instances
    }

    /// Maps the code into this process.
    pub(super) fn load(&self, engine: &Engine) -> Result<Component, ComponentError> {
        #[expect(unsafe_code, reason = "loading compiled code is unsafe by nature; this is the only place")]
        // SAFETY: `deserialize` requires unmodified output of wasmtime's `serialize` or `precompile`. A
        // `Verified` guarantees that: `compiled_here` takes the compiler's output, and both `open` functions
        // check these bytes (not a file that could change) against a proof that only a key holder can create:
        // this host, whose key is in its private folder, or a publisher that the operator trusts.
        // `deserialize` itself rejects code for another engine or processor.
        let component = unsafe { Component::deserialize(engine, &self.0.code) };
        component.map_err(ComponentError::Load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
    };

    fn artifact() -> Artifact {
        Artifact { core_instances: 3, code: b"native code".to_vec() }
    }

    /// Every one-byte change, and changes of the length.
    fn damaged(sealed: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        let changed = |position: usize| {
            let mut damaged = sealed.to_vec();
            damaged[position] ^= 1;
            damaged
        };
        (0..sealed.len()).map(changed).chain((0..sealed.len()).map(|length| sealed[..length].to_vec()))
    }

    #[test]
    fn what_was_changed_renamed_or_sealed_by_another_host_is_refused() {
        let host = |byte: u8| Seal::new([byte; KEY_LENGTH], "this engine");
        let sealed = host(1).seal("a", &artifact());
        assert_eq!(host(1).open("a", &sealed).unwrap().core_instances(), 3);
        assert!(host(2).open("a", &sealed).is_none());
        assert!(Seal::new([1; KEY_LENGTH], "another").open("a", &sealed).is_none());
        assert!(host(1).open("b", &sealed).is_none());
        assert!(damaged(&sealed).all(|damaged| host(1).open("a", &damaged).is_none()));
    }

    #[test]
    #[cfg(feature = "compiler")]
    fn what_was_changed_renamed_or_signed_by_another_publisher_is_refused() {
        let random = SystemRandom::new();
        let pair = || {
            let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
            let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
        };
        let public = |pair: &EcdsaKeyPair| {
            let der = [P256, pair.public_key().as_ref()].concat();
            PublisherKey::from_base64(&format!(" {}\n", BASE64_STANDARD.encode(der))).unwrap()
        };
        let (ours, theirs) = (pair(), pair());
        let compiled = CompiledComponent::new("a".to_owned(), &artifact());
        let sealed = compiled.sealed(ours.sign(&random, compiled.statement().as_bytes()).unwrap().as_ref());
        assert_eq!(public(&ours).open("a", &sealed).unwrap().core_instances(), 3);
        assert!(public(&ours).has_sealed("a", &sealed));
        assert!(public(&theirs).open("a", &sealed).is_none());
        assert!(!public(&theirs).has_sealed("a", &sealed));
        assert!(public(&ours).open("b", &sealed).is_none());
        assert!(damaged(&sealed).all(|damaged| public(&ours).open("a", &damaged).is_none()));
        // A host's MAC is not a signature.
        let own = Seal::new([1; KEY_LENGTH], "this engine").seal("a", &artifact());
        assert!(public(&ours).open("a", &own).is_none());
    }

    #[test]
    fn a_publishers_key_is_a_point_of_p256() {
        for wrong in [
            "",
            "no base64!",
            &BASE64_STANDARD.encode([0; 91]),
            &BASE64_STANDARD.encode([&P256[..], &[4; 64]].concat()),
        ] {
            assert_eq!(PublisherKey::from_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_engine_is_called_by_its_version() {
        let lock = include_str!("../../../Cargo.lock");
        let (name, version) = ENGINE.split_once('-').unwrap();
        assert!(
            lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")),
            "update ENGINE to the locked wasmtime version"
        );
    }
}
