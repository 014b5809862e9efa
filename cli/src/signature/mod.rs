//! Signatures on requests to an API that stands behind AWS's IAM, as API Gateway and function URLs do.

mod address;
#[cfg(feature = "aws")]
mod signer;
#[cfg(not(feature = "aws"))]
mod unsigned;

#[cfg(feature = "aws")]
pub(crate) use address::check_endpoints;
pub(crate) use address::{behind_iam, is_here};
#[cfg(feature = "aws")]
pub(crate) use signer::{Signer, WHERE_REFUSED};
#[cfg(not(feature = "aws"))]
pub(crate) use unsigned::{Signer, WHERE_REFUSED};
