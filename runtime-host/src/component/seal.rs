//! Seals on compiled components. A compiled component is native code that the host runs, so nothing is loaded but what
//! carries the proof of somebody who may make such: the MAC of this host itself, or the signature of a publisher whose
//! public key it was given. So no host can make what another one runs.

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

/// Opens every sealed artifact; another value is another layout. What follows: the length of the proof in one byte, the
/// proof, the artifact.
const MAGIC: &[u8; 16] = b"tasker-aot-v2\0\0\0";

/// What we do to a component before the engine compiles it, and what we put around it then: raise it whenever `compiler`
/// or the layout changes, so that older and newer hosts look for different things.
const REVISION: u32 = 4;

/// The engine whose code this process can run. It refuses any other's; here it names what to ask for.
const ENGINE: &str = "wasmtime-48.0.8";

/// Length of a host's own key: one block of the hash.
pub(super) const KEY_LENGTH: usize = 64;

/// How the DER encoding of every public key on NIST P-256 begins; the point follows, not compressed.
const P256: &[u8; 26] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// Length of such a point.
const POINT: usize = 65;

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

/// The public half of the key that a publisher signs with, on the curve NIST P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherKey([u8; POINT]);

impl PublisherKey {
    /// From its DER encoding (`SubjectPublicKeyInfo`) in Base64, as KMS answers it. None: it is no such key.
    pub fn from_base64(text: &str) -> Option<Self> {
        Self::from_der(&BASE64_STANDARD.decode(text.trim()).ok()?)
    }

    /// From its DER encoding (`SubjectPublicKeyInfo`). None: it is no such key.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        der.strip_prefix(P256)?.try_into().ok().map(Self)
    }

    /// Whether hosts that were given this key would load this under that name.
    pub fn has_sealed(&self, name: &str, sealed: &[u8]) -> bool {
        self.open(name, sealed).is_some()
    }

    /// The artifact inside, if this publisher signed it under this name.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Verified> {
        let (signature, artifact) = unpack(sealed)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0);
        key.verify(statement(name, artifact).as_bytes(), signature).ok()?;
        Artifact::decode(artifact).map(Verified)
    }
}

/// A component as a publisher has compiled it, to be signed by it.
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

    /// The name that hosts ask for it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the publisher is to sign, with ECDSA on P-256 over its SHA-256.
    pub fn statement(&self) -> String {
        statement(&self.name, &self.artifact)
    }

    /// Under the signature (ASN.1 DER): what hosts load.
    pub fn sealed(&self, signature: &[u8]) -> Vec<u8> {
        pack(signature, &self.artifact)
    }
}

/// What a signature says. The name is part of it: a sound artifact renamed to another component's is refused.
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
    /// What all that it seals has in common.
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

    /// The artifact under a MAC that covers its name too.
    pub(super) fn seal(&self, name: &str, artifact: &Artifact) -> Vec<u8> {
        let encoded = artifact.encode();
        let mac = self.mac(name, &encoded).finalize().into_bytes();
        pack(&mac, &encoded)
    }

    /// The artifact inside, if its seal is whole.
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
        // `Verified` exists only for such: `compiled_here` takes the compiler's output, and the two `open`s check these
        // very bytes (not a file that could change meanwhile) against a proof that only the holder of a key can make:
        // this host, whose key lies in its private folder, or a publisher, whom the operator trusts to compile for it.
        // What was compiled for another engine or processor is refused by `deserialize` itself.
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

    /// Every change of one byte, and of the length.
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
        // A host's MAC is no signature.
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
            "wasmtime is another by now"
        );
    }
}
