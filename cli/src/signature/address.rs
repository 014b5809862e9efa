//! Which addresses stand behind AWS's IAM.

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

#[cfg(test)]
mod tests {
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
}
