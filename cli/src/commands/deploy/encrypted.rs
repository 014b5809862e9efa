//! Addresses that signed requests may go to.

use anyhow::{Result, ensure};
use tasker_transport::is_here;
use url::Url;

/// Refuses endpoints of AWS services that signed requests would reach unencrypted: of the configuration, and in the
/// environment. Loopback is permitted, for emulators.
///
/// # Errors
/// An address begins with `http://`, and its host is not this machine.
pub(super) fn check_endpoints(configured: Option<&str>) -> Result<()> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        name.to_str()?.starts_with("AWS_ENDPOINT_URL").then(|| value.to_string_lossy().into_owned())
    });
    configured.map(str::to_owned).into_iter().chain(variables).try_for_each(|address| encrypted(&address))
}

fn encrypted(address: &str) -> Result<()> {
    let Ok(url) = Url::parse(address) else { return Ok(()) };
    ensure!(
        url.scheme() != "http" || is_here(&url),
        "`{address}` is not encrypted, and requests to it carry AWS signatures: write https://"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
