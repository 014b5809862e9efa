//! A compiled component, as it is kept and exchanged.

/// A compiled component with what we want to know of it without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// Core module instances that it names. A component instantiated several times counts once here; the
    /// store's own limit sees to the rest.
    pub(crate) core_instances: u32,
    /// Native code, as wasmtime serialises it.
    pub(crate) code: Vec<u8>,
}

impl Artifact {
    /// As bytes, for the cache, the child process and other hosts.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.code.len());
        bytes.extend_from_slice(&self.core_instances.to_le_bytes());
        bytes.extend_from_slice(&self.code);
        bytes
    }

    /// From [`Self::encode`]'s bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (count, code) = bytes.split_first_chunk::<4>()?;
        Some(Self { core_instances: u32::from_le_bytes(*count), code: code.to_vec() })
    }
}
