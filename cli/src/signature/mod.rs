//! Signatures on requests to an API that stands behind AWS's IAM, as API Gateway and function URLs do.

mod address;
#[cfg(feature = "aws")]
mod signer;
#[cfg(not(feature = "aws"))]
mod unsigned;

pub(crate) use address::behind_iam;
#[cfg(feature = "aws")]
pub(crate) use address::check_endpoints;
#[cfg(feature = "aws")]
pub(crate) use signer::{Signer, WHERE_REFUSED};
#[cfg(not(feature = "aws"))]
pub(crate) use unsigned::{Signer, WHERE_REFUSED};
