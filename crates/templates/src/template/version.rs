//! Which of several versions of a template is the latest.

use semver::Version;

/// Returns the index of the latest of these versions: the greatest that is no pre-release, or the greatest if all are. A task
/// uses it, unless its request names a version. Skips what is not a semantic version.
pub fn latest<'a>(versions: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let parsed = versions.into_iter().enumerate().filter_map(|(index, text)| {
        let version = Version::parse(text).ok()?;
        Some((version.pre.is_empty(), version, index))
    });
    parsed.max().map(|(.., index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_the_greatest_and_no_pre_release() {
        for (versions, expected) in [
            (&["1.10.0", "1.2.0", "1.9.9"][..], Some(0)),
            (&["1.0.0", "2.0.0-rc.1"], Some(0)),
            (&["1.0.0-rc.1", "1.0.0-rc.2"], Some(1)),
            (&["1.0.0+dev.2", "1.0.0+dev.10", "1.0.0"], Some(1)),
            (&[], None),
        ] {
            assert_eq!(latest(versions.iter().copied()), expected, "{versions:?}");
        }
    }
}
