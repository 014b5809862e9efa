//! How the API authenticates its callers: by the gateway in front of it, or itself.

use std::{collections::BTreeMap, sync::Arc};

use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use tasker_api::{
    Authentication, CALLBACK, Doors, Front, Gateway, GatewayClaims, Login, PublicUrl, RESPONSES_KEPT, Tokens,
};
use tasker_assembly::aws::{optional, required};
use tasker_function_lambda::Error;
use tasker_identity::{ClaimNames, Keys, Provider, ProviderSettings, Settings, Verifier};

/// `gateway`: callers are whom the gateway names. `own`: they need an API key, a token or a session.
const MODE: &str = "TASKER_AUTHENTICATION";
/// What callers may do who sign requests for AWS: a JSON object of patterns of ARNs and roles.
const IAM: &str = "TASKER_AUTH_IAM";
/// Further roles: a JSON object of lists of permissions and built-in roles.
const ROLES: &str = "TASKER_AUTH_ROLES";

/// Reads the environment.
///
/// # Errors
/// Which variable is wrong.
pub(crate) fn doors() -> Result<Doors, Error> {
    // Without a default, so that nobody is let in by an environment that is incomplete.
    let (authentication, login) = match required(MODE)?.as_str() {
        "gateway" => (Authentication::Gateway(Arc::new(gateway()?)), None),
        "own" => (Authentication::Own(tokens()?.map(Arc::new)), login()?.map(Arc::new)),
        other => return Err(format!("{MODE} is `{other}`; it must be `gateway` or `own`").into()),
    };
    let per_second = optional("TASKER_REQUESTS_PER_SECOND").map(|text| {
        text.parse().map_err(|_| format!("TASKER_REQUESTS_PER_SECOND is `{text}`; it must be a number"))
    });
    let front = Front {
        public_url: public_url()?,
        requests_per_second: per_second.transpose()?.unwrap_or_default(),
        responses_kept: RESPONSES_KEPT,
        login,
        ..Front::default()
    };
    Ok(Doors { front, ..authentication.into() })
}

/// What the gateway in front says of a request's sender. Headers say nothing of it.
pub(crate) fn claims(context: &RequestContext) -> Option<GatewayClaims> {
    let RequestContext::ApiGatewayV2(context) = context else { return None };
    let authorizer = context.authorizer.as_ref()?;
    if let Some(iam) = &authorizer.iam {
        return iam.user_arn.clone().map(|user_arn| GatewayClaims::Iam { user_arn });
    }
    if let Some(jwt) = &authorizer.jwt {
        let claims = jwt.claims.clone().into_iter().collect();
        return Some(GatewayClaims::Jwt { claims, scopes: jwt.scopes.clone().unwrap_or_default() });
    }
    let fields = authorizer.fields.clone();
    (!fields.is_empty()).then(|| GatewayClaims::Authorizer(fields.into_iter().collect()))
}

/// What callers may do whom the gateway names.
fn gateway() -> Result<Gateway, Error> {
    let iam: BTreeMap<String, String> = object(IAM)?;
    Gateway::new(&iam, object(ROLES)?, claim_names(), true)
        .map_err(|error| format!("{IAM}, {ROLES}: {error}").into())
}

/// Reads a variable with a JSON object. Empty without one.
fn object<T: DeserializeOwned + Default>(name: &'static str) -> Result<T, Error> {
    let Some(text) = optional(name) else { return Ok(T::default()) };
    serde_json::from_str(&text)
        .map_err(|error| format!("{name} is not the JSON object that it must be: {error}").into())
}

/// The claims of tokens that say what they grant.
fn claim_names() -> ClaimNames {
    let default = ClaimNames::default();
    ClaimNames {
        permissions: optional("TASKER_PERMISSIONS_CLAIM").unwrap_or(default.permissions),
        roles: optional("TASKER_ROLES_CLAIM").unwrap_or(default.roles),
        namespaces: optional("TASKER_NAMESPACES_CLAIM").unwrap_or(default.namespaces),
    }
}

/// What verifies tokens, if an issuer is named.
fn tokens() -> Result<Option<Tokens>, Error> {
    let Some(issuer) = optional("TASKER_JWT_ISSUER") else { return Ok(None) };
    let keys = match (optional("TASKER_JWT_PUBLIC_KEY"), optional("TASKER_JWKS_URL")) {
        (Some(pem), None) => Keys::Pem(vec![pem]),
        (None, Some(url)) => Keys::jwks(url),
        _ => {
            return Err(
                "TASKER_JWT_ISSUER is set: give its keys in TASKER_JWT_PUBLIC_KEY or TASKER_JWKS_URL".into(),
            );
        }
    };
    let mut settings = Settings::new(issuer, optional("TASKER_JWT_AUDIENCE").unwrap_or_default(), keys);
    settings.claims = claim_names();
    let verifier = Verifier::new(settings).map_err(|error| format!("TASKER_JWT_…: {error}"))?;
    Ok(Some(Tokens::new(verifier, object(ROLES)?, true)?))
}

fn public_url() -> Result<Option<PublicUrl>, Error> {
    let url = optional("TASKER_PUBLIC_URL").map(|text| text.parse());
    url.transpose().map_err(|error| format!("TASKER_PUBLIC_URL: {error}").into())
}

/// Logins at an OpenID provider, if one is named.
fn login() -> Result<Option<Login>, Error> {
    let Some(issuer) = optional("TASKER_OIDC_ISSUER") else { return Ok(None) };
    let Some(url) = public_url()? else {
        return Err(
            "TASKER_OIDC_ISSUER is set: set TASKER_PUBLIC_URL to the URL that browsers come back to".into()
        );
    };
    let scopes = optional("TASKER_OIDC_SCOPES").unwrap_or_else(|| "email profile".to_owned());
    let tokens = Settings::new("", "", Keys::Pem(Vec::new()));
    let provider = Provider::new(ProviderSettings {
        issuer,
        client_id: optional("TASKER_OIDC_CLIENT_ID").unwrap_or_default(),
        client_secret: optional("TASKER_OIDC_CLIENT_SECRET"),
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        redirect_uri: url.to(CALLBACK),
        algorithms: tokens.algorithms,
        leeway: tokens.leeway,
        claims: claim_names(),
        allow_private: Vec::new(),
        certificates: None,
    });
    let provider = provider.map_err(|error| format!("TASKER_OIDC_…: {error}"))?;
    Ok(Some(Login::new(provider, object(ROLES)?, true, None)?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(authorizer: &Value) -> Option<GatewayClaims> {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/v1/me", "rawQueryString": "",
            "headers": { "authorization": "Bearer forged", "x-amzn-iam-user-arn": "arn:aws:iam::1:root" },
            "requestContext": {
                "accountId": "111122223333", "apiId": "a", "domainName": "a.example", "domainPrefix": "a",
                "http": { "method": "GET", "path": "/v1/me", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" },
                "requestId": "1", "routeKey": "$default", "stage": "$default", "time": "", "timeEpoch": 0,
                "authorizer": authorizer,
            },
            "isBase64Encoded": false,
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        claims(lambda_http::RequestExt::request_context_ref(&request).unwrap())
    }

    #[test]
    fn the_sender_is_whom_the_gateway_names_and_headers_say_nothing() {
        let arn = "arn:aws:sts::111122223333:assumed-role/ops/ada";
        let iam = json!({ "iam": { "accessKey": "AKIA", "accountId": "111122223333", "callerId": "AROA:ada", "cognitoIdentity": null,
            "principalOrgId": null, "userArn": arn, "userId": "AROA:ada" } });
        assert_eq!(of(&iam), Some(GatewayClaims::Iam { user_arn: arn.to_owned() }));
        let jwt = json!({ "jwt": { "claims": { "sub": "u-1", "roles": "[ops viewer]" }, "scopes": ["tasks:read"] } });
        let claims = BTreeMap::from(
            [("sub", "u-1"), ("roles", "[ops viewer]")]
                .map(|(name, text)| (name.to_owned(), text.to_owned())),
        );
        assert_eq!(of(&jwt), Some(GatewayClaims::Jwt { claims, scopes: vec!["tasks:read".to_owned()] }));
        let context = json!({ "principal": "ci", "permissions": ["tasks:read"] });
        assert_eq!(
            of(&json!({ "lambda": context })),
            Some(GatewayClaims::Authorizer(context.as_object().unwrap().clone()))
        );
        for nobody in [json!({}), json!({ "iam": {} }), Value::Null] {
            assert_eq!(of(&nobody), None, "{nobody}");
        }
    }
}
