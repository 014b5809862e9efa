//! The stored and exchanged form of a compiled component.

/// A compiled component with the metadata that must be known before its code is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// The number of core module instances in the component. Nested components that are instantiated several
    /// times count once; the store's limit covers them.
    pub(crate) core_instances: u32,
    /// Native code, as serialized by wasmtime.
    pub(crate) code: Vec<u8>,
}

impl Artifact {
    /// Encodes for the cache, the child process and other hosts.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.code.len());
        bytes.extend_from_slice(&self.core_instances.to_le_bytes());
        bytes.extend_from_slice(&self.code);
        bytes
    }

    /// Decodes the output of [`Self::encode`].
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (count, code) = bytes.split_first_chunk::<4>()?;
        Some(Self { core_instances: u32::from_le_bytes(*count), code: code.to_vec() })
    }
}
