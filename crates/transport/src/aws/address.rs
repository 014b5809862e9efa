//! The address of an SQS queue, from its URL or its ARN.

use url::Url;

/// Account and name of a queue, and its region if the URL says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueueAddress {
    account: String,
    name: String,
    region: Option<String>,
}

impl QueueAddress {
    /// Reads `https://sqs.region.amazonaws.com/account/name`. The host may be another, such as an endpoint's.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let mut parts = url.path_segments()?;
        let (account, name) = (parts.next()?, parts.next()?);
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_account || name.is_empty() || parts.next().is_some() {
            return None;
        }
        let region = url.host_str()?.strip_prefix("sqs.").and_then(|host| host.split_once(".amazonaws.com"));
        let region = region.map(|(region, _)| region.to_owned());
        Some(Self { account: account.to_owned(), name: name.to_owned(), region })
    }

    /// Whether this is the queue of an ARN. `region` is that of this process, whose endpoint receives the request.
    pub(super) fn is(&self, arn: &str, region: &str) -> bool {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "sqs", of_arn, account, name] = parts[..] else { return false };
        of_arn == region
            && self.region.as_deref().is_none_or(|of_url| of_url == region)
            && (account, name) == (&*self.account, &*self.name)
    }

    /// Whether this is that queue, or one that is named after it: `queue-dead`.
    pub(super) fn belongs_to(&self, other: &Self) -> bool {
        let rest = self.name.strip_prefix(&*other.name);
        self.account == other.account && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}
