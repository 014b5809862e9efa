//! The page itself: where it stands, and what it may load.

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use sha2::{Digest, Sha256};

/// What `index.html` has in place of the way from a page to the console's folder.
const BASE: &str = "<base href=\"./\">";

/// The page for a path that is `depth` folders below the console's. Links are relative, so that the console works under any
/// path of a proxy; so the page says where its folder is.
pub(crate) fn at_depth(page: &str, depth: usize) -> String {
    let up = if depth == 0 { "./".to_owned() } else { "../".repeat(depth) };
    page.replacen(BASE, &format!("<base href=\"{up}\">"), 1)
}

/// The content security policy: files of this server only, and the one inline script, which maps module names to files.
pub(crate) fn policy(page: &str) -> String {
    let map = page
        .split_once("<script type=\"importmap\">")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map_or("", |(map, _)| map);
    let hash = BASE64.encode(Sha256::digest(map.as_bytes()));
    format!(
        "default-src 'self'; script-src 'self' 'sha256-{hash}'; style-src 'self'; img-src 'self' data:; object-src 'none'; \
         frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_its_folder_is() {
        let page = format!("<head>{BASE}</head>");
        assert_eq!(at_depth(&page, 0), "<head><base href=\"./\"></head>");
        assert_eq!(at_depth(&page, 2), "<head><base href=\"../../\"></head>");
    }

    #[test]
    fn the_policy_allows_the_map_of_modules_and_no_other_script() {
        let policy = policy("<script type=\"importmap\">{}</script><script>alert(1)</script>");
        // The SHA-256 of `{}`.
        assert!(policy.contains("'sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o='"), "{policy}");
        assert!(!policy.contains("unsafe"));
    }
}
