//! The blob store: the bucket that `TASKER_BLOBS` names.

use tasker_transport::BlobStore;
use url::Url;

use super::{error::AwsError, variable::parsed_required};

/// Opens the blob store that `TASKER_BLOBS` names.
pub(super) fn open_blobs() -> Result<BlobStore, AwsError> {
    Ok(BlobStore::open(&parsed_required::<Url>("TASKER_BLOBS")?)?)
}
