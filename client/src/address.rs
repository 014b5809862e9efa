//! Which addresses stand behind AWS's IAM.

use reqwest::Url;

/// The service and the region behind an address: `https://x.lambda-url.eu-west-1.on.aws`,
/// `https://x.execute-api.eu-west-1.amazonaws.com`.
pub(crate) fn behind_iam(url: &Url) -> Option<(&'static str, &str)> {
    let labels: Vec<&str> = url.domain()?.split('.').collect();
    Some(match labels[..] {
        [_, "lambda-url", region, "on", "aws"] => ("lambda", region),
        [_, "execute-api", region, "amazonaws", "com"]
        | [_, "execute-api", region, "amazonaws", "com", "cn"] => ("execute-api", region),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_aws_tells_its_service_and_region() {
        let found = |url: &str| {
            let url = Url::parse(url).unwrap();
            behind_iam(&url).map(|(service, region)| format!("{service} {region}"))
        };
        let lambda = Some("lambda eu-west-1".to_owned());
        assert_eq!(found("https://abc.lambda-url.eu-west-1.on.aws/"), lambda);
        let gateway = Some("execute-api us-east-1".to_owned());
        assert_eq!(found("https://abc.execute-api.us-east-1.amazonaws.com/v1"), gateway);
        for other in
            ["http://127.0.0.1:8080", "https://tasker.example.com", "https://lambda-url.eu-west-1.on.aws"]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
