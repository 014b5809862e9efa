//! Which addresses stand behind AWS's IAM.

#[cfg(feature = "aws")]
use anyhow::{Result, ensure};
#[cfg(feature = "aws")]
use tasker_transport::is_here;
use url::{Host, Url};

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

/// Refuses an address that signed requests would reach unencrypted. Loopback is permitted, for emulators.
///
/// # Errors
/// The address begins with `http://`, and its host is not this machine.
#[cfg(feature = "aws")]
pub(crate) fn encrypted(address: &str) -> Result<()> {
    let Ok(url) = Url::parse(address) else { return Ok(()) };
    ensure!(
        url.scheme() != "http" || is_here(&url),
        "`{address}` is not encrypted, and requests to it carry AWS signatures: write https://"
    );
    Ok(())
}

/// Refuses endpoints of AWS services that are not encrypted: of the configuration, and in the environment.
///
/// # Errors
/// As [`encrypted`].
#[cfg(feature = "aws")]
pub(crate) fn check_endpoints(configured: Option<&str>) -> Result<()> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        name.to_str()?.starts_with("AWS_ENDPOINT_URL").then(|| value.to_string_lossy().into_owned())
    });
    configured.map(str::to_owned).into_iter().chain(variables).try_for_each(|address| encrypted(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "aws")]
    #[test]
    fn signatures_travel_encrypted_or_stay_on_this_machine() {
        for good in [
            "https://abc.execute-api.eu-west-1.amazonaws.com",
            "http://127.0.0.1:4566",
            "http://[::1]:4566",
            "http://localhost:4566",
            "http://x.execute-api.localhost:4566",
        ] {
            assert!(encrypted(good).is_ok(), "{good}");
        }
        for bad in [
            "http://abc.execute-api.eu-west-1.amazonaws.com",
            "HTTP://abc.lambda-url.eu-west-1.on.aws/",
            "http://10.0.0.1:4566",
            "http://localhost.example.com",
        ] {
            let refused = check_endpoints(Some(bad)).unwrap_err().to_string();
            assert!(refused.contains("https://"), "{refused}");
        }
    }

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
}
