//! Signatures on requests to an API that stands behind AWS's IAM, as API Gateway and function URLs do.

use tasker_client::ClientBuilder;

/// What to do if the API rejects a request.
#[cfg(feature = "aws")]
pub(crate) const WHERE_REFUSED: &str = "Requests are signed with the credentials that the AWS tools find: see that there \
                                        are some, and that they may call this API";
#[cfg(not(feature = "aws"))]
pub(crate) use crate::parts::NEEDS_AWS as WHERE_REFUSED;

/// A client whose requests are signed, where there are credentials.
#[cfg(feature = "aws")]
pub(crate) fn signed(builder: ClientBuilder) -> ClientBuilder {
    builder.sign_with(found::OfTheTools)
}

/// In a build without AWS: an API behind IAM may ask for no signature.
#[cfg(not(feature = "aws"))]
pub(crate) fn signed(builder: ClientBuilder) -> ClientBuilder {
    builder
}

#[cfg(feature = "aws")]
mod found {
    use aws_credential_types::{
        Credentials,
        provider::{ProvideCredentials, error::CredentialsError, future},
    };
    use tasker_transport::s3::sdk_config;

    /// The credentials that the AWS tools find.
    #[derive(Debug)]
    pub(super) struct OfTheTools;

    impl ProvideCredentials for OfTheTools {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(find())
        }
    }

    async fn find() -> Result<Credentials, CredentialsError> {
        let config = sdk_config().await;
        let provider = config.credentials_provider();
        let provider = provider.ok_or_else(|| CredentialsError::not_loaded("there is no provider"))?;
        provider.provide_credentials().await
    }
}
