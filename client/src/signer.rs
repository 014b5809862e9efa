//! Signatures of AWS (Signature Version 4) on requests to a server behind IAM, as API Gateway and function URLs are.

use std::{
    fmt::Display,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use reqwest::{
    Url,
    header::{HeaderName, HeaderValue},
};
use tokio::sync::Mutex;

use crate::{
    address::behind_iam,
    error::{Error, Result},
};

/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(60);

/// Signs requests to one server.
pub(crate) struct Signer {
    service: &'static str,
    region: String,
    provider: SharedCredentialsProvider,
    /// Kept, because finding them may take requests.
    credentials: Mutex<Option<Credentials>>,
}

impl Signer {
    /// A signer for the server at this URL. None if it is not one of AWS.
    ///
    /// # Errors
    /// The URL is not encrypted: whoever reads a signed request on the way can repeat it.
    pub(crate) fn of(url: &Url, provider: SharedCredentialsProvider) -> Result<Option<Self>> {
        let Some((service, region)) = behind_iam(url) else { return Ok(None) };
        if url.scheme() != "https" {
            return Err(Error::Invalid(format!(
                "`{url}` is not encrypted, and requests to it carry AWS signatures: write https://"
            )));
        }
        let region = region.to_owned();
        Ok(Some(Self { service, region, provider, credentials: Mutex::default() }))
    }

    /// Signs a request, if there are credentials: the server may require none. The request must not change afterwards.
    pub(crate) async fn sign(&self, request: &mut reqwest::Request) -> Result<()> {
        match self.credentials().await {
            Some(credentials) => self.sign_at(request, credentials, SystemTime::now()),
            None => Ok(()),
        }
    }

    async fn credentials(&self) -> Option<Credentials> {
        let mut kept = self.credentials.lock().await;
        let is_fresh =
            |kept: &&Credentials| kept.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN);
        if let Some(fresh) = kept.as_ref().filter(is_fresh) {
            return Some(fresh.clone());
        }
        match self.provider.provide_credentials().await {
            Ok(found) => Some(kept.insert(found).clone()),
            Err(error) => {
                tracing::info!(?error, "requests are not signed, because no AWS credentials were found");
                None
            }
        }
    }

    fn sign_at(
        &self,
        request: &mut reqwest::Request,
        credentials: Credentials,
        now: SystemTime,
    ) -> Result<()> {
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(unsigned)?
            .into();
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.url().as_str(),
            headers,
            SignableBody::Bytes(body),
        )
        .map_err(unsigned)?;
        let (instructions, _) = sign(signable, &parameters).map_err(unsigned)?.into_parts();
        for (name, value) in instructions.headers() {
            let name = HeaderName::try_from(name).map_err(unsigned)?;
            let mut value = HeaderValue::try_from(value).map_err(unsigned)?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Ok(())
    }
}

fn unsigned(error: impl Display) -> Error {
    Error::Invalid(format!("the request cannot be signed for AWS: {error}"))
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, header::CONTENT_TYPE};

    use super::*;

    fn credentials() -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIDEXAMPLE", secret, Some("session".to_owned()), None, "test")
    }

    /// The expected signatures were generated with botocore for the same requests and time.
    #[test]
    fn requests_are_signed_as_aws_expects() {
        let sign = |method: Method, url: &str, body: &'static str| {
            let url = Url::parse(url).unwrap();
            let signer = Signer::of(&url, SharedCredentialsProvider::new(credentials())).unwrap().unwrap();
            let mut request = reqwest::Request::new(method, url);
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
            // 2026-01-02T03:04:05Z
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
            signer.sign_at(&mut request, credentials(), now).unwrap();
            assert_eq!(request.headers()["x-amz-security-token"], "session");
            request.headers()["authorization"].to_str().unwrap().to_owned()
        };
        let posted = sign(
            Method::POST,
            "https://abc123.lambda-url.eu-west-1.on.aws/v1/tasks/a%20b?x=1&y=%C3%BC",
            "{\"a\":1}",
        );
        assert_eq!(
            posted,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/lambda/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=afb418fde1140b712828323ad00bf39f6ad25725ffd51dc64b3f5616cba0452e"
        );
        let got = sign(Method::GET, "https://abc123.execute-api.eu-west-1.amazonaws.com/v1/tasks", "");
        assert!(
            got.ends_with("Signature=477be9a287aa437272746ed80996ca21e386c8356d16791bd02e0d6cfd5fed8b"),
            "{got}"
        );
    }

    #[test]
    fn a_signed_request_travels_encrypted() {
        let of = |url: &str| {
            let url = Url::parse(url).unwrap();
            Signer::of(&url, SharedCredentialsProvider::new(credentials())).map(|signer| signer.is_some())
        };
        assert!(of("https://abc.lambda-url.eu-west-1.on.aws").unwrap());
        assert!(!of("http://127.0.0.1:8080").unwrap());
        assert!(!of("http://x.execute-api.localhost:4566").unwrap());
        let refused = of("HTTP://abc.lambda-url.eu-west-1.on.aws/").unwrap_err().to_string();
        assert!(refused.contains("https://"), "{refused}");
    }
}
