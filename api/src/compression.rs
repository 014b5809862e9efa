//! Compression of responses: JSON and text, but no streams, which must arrive as they are written.

use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{And, NotForContentType, Predicate as _, SizeAbove},
    },
};

/// The size of a response from which on compression saves packets, in bytes.
const WORTH_IT: u16 = 1400;

/// Compresses responses with gzip for clients that accept it.
pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, NotForContentType>> {
    let is_worth_it = SizeAbove::new(WORTH_IT).and(NotForContentType::SSE);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth_it)
}
