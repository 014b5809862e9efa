//! Signatures on requests to an API that stands behind AWS's IAM, as API Gateway and function URLs do.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use aws_sdk_kms::config::{Credentials, ProvideCredentials};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use tasker_transport::s3::sdk_config;
use url::{Host, Url};

/// How long before they expire credentials are no longer used.
const MARGIN: Duration = Duration::from_secs(60);

/// What a signature is for, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    service: &'static str,
    region: String,
    credentials: Credentials,
}

impl Signer {
    /// Whether it still is what AWS accepts, and will be for the next minute.
    pub(crate) fn is_fresh(&self) -> bool {
        self.credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN)
    }

    /// For the API at this address; none, if it is not one of AWS's, or if there are no credentials: it may ask for none.
    pub(crate) async fn of(url: &str) -> Option<Self> {
        let (service, region) = behind_iam(url)?;
        match sdk_config().await.credentials_provider()?.provide_credentials().await {
            Ok(credentials) => Some(Self { service, region, credentials }),
            Err(error) => {
                let error = aws_sdk_kms::error::DisplayErrorContext(error);
                tracing::info!(%error, "requests are not signed, because there are no credentials for AWS");
                None
            }
        }
    }

    /// Signs a request as it will be sent.
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

/// The service and the region behind an address: `https://x.lambda-url.eu-west-1.on.aws`,
/// `https://x.execute-api.eu-west-1.amazonaws.com`.
pub(crate) fn behind_iam(url: &str) -> Option<(&'static str, String)> {
    let url = Url::parse(url).ok()?;
    let Some(Host::Domain(host)) = url.host() else { return None };
    let labels: Vec<&str> = host.split('.').collect();
    let (service, region) = match labels[..] {
        [_, "lambda-url", region, "on", "aws"] => ("lambda", region),
        [_, "execute-api", region, "amazonaws", "com"]
        | [_, "execute-api", region, "amazonaws", "com", "cn"] => ("execute-api", region),
        _ => return None,
    };
    Some((service, region.to_owned()))
}

#[cfg(test)]
mod tests {
    use ureq::http::Request;

    use super::*;

    #[test]
    fn an_address_of_aws_tells_its_service_and_region() {
        let found = |url: &str| behind_iam(url);
        let lambda = Some(("lambda", "eu-west-1".to_owned()));
        assert_eq!(found("https://abc.lambda-url.eu-west-1.on.aws/"), lambda);
        let gateway = Some(("execute-api", "us-east-1".to_owned()));
        assert_eq!(found("https://abc.execute-api.us-east-1.amazonaws.com/v1"), gateway);
        for other in [
            "http://127.0.0.1:8080",
            "https://tasker.example.com",
            "https://lambda-url.eu-west-1.on.aws",
            "no url",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    /// The signatures are those that botocore makes of the same requests at the same moment.
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
