//! Signs requests with the credentials that the AWS tools find.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use aws_sdk_kms::config::{Credentials, ProvideCredentials};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use tasker_transport::s3::sdk_config;

use super::address::{behind_iam, encrypted};

/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(60);

/// What to do if the API rejects a request.
pub(crate) const WHERE_REFUSED: &str = "Requests are signed with the credentials that the AWS tools find: see that there \
                                        are some, and that they may call this API";

/// The data for signing requests.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    service: &'static str,
    region: String,
    credentials: Credentials,
}

impl Signer {
    /// Returns whether the credentials stay valid for the next minute.
    pub(crate) fn is_fresh(&self) -> bool {
        self.credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN)
    }

    /// Returns a signer for the API at this URL. None if it is not an AWS URL, or if there are no credentials,
    /// because the API may not require any.
    ///
    /// # Errors
    /// The URL is not encrypted: whoever reads a signed request on the way can repeat it.
    pub(crate) async fn of(url: &str) -> Result<Option<Self>> {
        let Some((service, region)) = behind_iam(url) else { return Ok(None) };
        encrypted(url)?;
        let config = sdk_config().await;
        let Some(provider) = config.credentials_provider() else { return Ok(None) };
        match provider.provide_credentials().await {
            Ok(credentials) => Ok(Some(Self { service, region, credentials })),
            Err(error) => {
                let error = aws_sdk_kms::error::DisplayErrorContext(error);
                tracing::info!(%error, "requests are not signed, because no AWS credentials were found");
                Ok(None)
            }
        }
    }

    /// Signs a request. It must not change afterwards.
    pub(crate) fn sign(&self, request: &mut ureq::http::Request<String>, now: SystemTime) -> Result<()> {
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let body = SignableBody::Bytes(request.body().as_bytes());
        let signable = SignableRequest::new(request.method().as_str(), uri, headers, body)?;
        sign(signable, &parameters)?.into_parts().0.apply_to_request_http1x(request);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ureq::http::Request;

    use super::*;

    /// The expected signatures were generated with botocore for the same requests and time.
    #[test]
    fn requests_are_signed_as_aws_expects() {
        let sign = |method: &str, url: &str, body: &str| {
            let (service, region) = behind_iam(url).unwrap();
            let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
            let credentials =
                Credentials::new("AKIDEXAMPLE", secret, Some("session".to_owned()), None, "test");
            let mut request = Request::builder()
                .method(method)
                .uri(url)
                .header("content-type", "application/json")
                .body(body.to_owned())
                .unwrap();
            // 2026-01-02T03:04:05Z
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
            Signer { service, region, credentials }.sign(&mut request, now).unwrap();
            assert_eq!(request.headers()["x-amz-security-token"], "session");
            request.headers()["authorization"].to_str().unwrap().to_owned()
        };
        let posted = sign(
            "POST",
            "https://abc123.lambda-url.eu-west-1.on.aws/v1/tasks/a%20b?x=1&y=%C3%BC",
            "{\"a\":1}",
        );
        assert_eq!(
            posted,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/lambda/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=afb418fde1140b712828323ad00bf39f6ad25725ffd51dc64b3f5616cba0452e"
        );
        let got = sign("GET", "https://abc123.execute-api.eu-west-1.amazonaws.com/v1/tasks", "");
        assert!(
            got.ends_with("Signature=477be9a287aa437272746ed80996ca21e386c8356d16791bd02e0d6cfd5fed8b"),
            "{got}"
        );
    }
}
