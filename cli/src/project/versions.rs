//! Development versions of templates: changed content is published as the next build of the version in its file.
//!
//! A published version never changes, and authors do not increment it on every save. `1.0.0+dev.3` is the third
//! change of version 1.0.0 on this machine, and newer than the earlier ones.

use semver::{BuildMetadata, Version};
use tasker_orchestrator::{
    Error, Orchestrator, Publication, Slice,
    read::{TemplateFilter, TemplateSummary},
};
use tasker_templates::template::Template;

/// How to handle a template whose version is published with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Return an error. The default outside development.
    IsRefused,
    /// Publish it as the next development build.
    IsNextBuild,
}

/// Publishes a template. Returns the result, and the version under which it is published.
pub(crate) async fn publish(
    orchestrator: &Orchestrator,
    template: &Template,
    changed: Changed,
) -> Result<(Publication, String), Error> {
    let written = match Version::parse(&template.version) {
        Ok(written) if changed == Changed::IsNextBuild => written,
        _ => return publish_as(orchestrator, template, template.version.clone()).await,
    };
    let mut number = newest(
        &orchestrator.reader.templates(&TemplateFilter::default(), Slice::all()).await?,
        template,
        &written,
    );
    loop {
        // Content that equals an earlier build gets a new number, because the newest build runs.
        match publish_as(orchestrator, template, build(&written, number)).await {
            Err(Error::VersionTaken { .. }) => number += 1,
            done => return done,
        }
    }
}

async fn publish_as(
    orchestrator: &Orchestrator,
    template: &Template,
    version: String,
) -> Result<(Publication, String), Error> {
    let template = Template { version, ..template.clone() };
    let done = orchestrator.catalog.publish_template(&template).await?;
    Ok((done, template.version))
}

/// Returns the number of a version's newest development build. 0 is the version itself.
fn newest(published: &[TemplateSummary], template: &Template, written: &Version) -> u64 {
    let same =
        |other: &&TemplateSummary| other.namespace == template.namespace_name && other.name == template.name;
    let versions = published.iter().filter(same).filter_map(|other| Version::parse(&other.version).ok());
    versions.filter_map(|version| build_number(written, &version)).max().unwrap_or(0)
}

/// Returns the version string of a development build.
fn build(written: &Version, number: u64) -> String {
    if number == 0 {
        return written.to_string();
    }
    let separator = if written.build.is_empty() { '+' } else { '.' };
    format!("{written}{separator}dev.{number}")
}

/// Returns the development build number of `version`, if it is a build of `written`.
fn build_number(written: &Version, version: &Version) -> Option<u64> {
    let plain = |version: &Version| Version { build: BuildMetadata::EMPTY, ..version.clone() };
    let rest = version.build.strip_prefix(written.build.as_str())?;
    let rest = if written.build.is_empty() { rest } else { rest.strip_prefix('.')? };
    let number = rest.strip_prefix("dev.")?.parse().ok()?;
    (plain(version) == plain(written)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn a_later_build_is_newer_than_every_earlier_one_and_older_than_the_next_version() {
        for written in ["1.0.0", "1.0.0-rc.1", "1.0.0+local", "1.0.0-rc.1+local.7"] {
            let written = version(written);
            let builds: Vec<Version> = (0..120).map(|number| version(&build(&written, number))).collect();
            assert!(builds.is_sorted_by(|left, right| left < right), "{written}: {builds:?}");
            assert!(builds.iter().all(|build| *build < version("1.0.1-alpha")), "{written}: {builds:?}");
        }
    }

    #[test]
    fn builds_are_known_by_their_number() {
        for written in ["1.0.0", "1.0.0-rc.1", "1.0.0+local"] {
            let written = version(written);
            assert_eq!(build_number(&written, &version(&build(&written, 17))), Some(17));
            assert_eq!(build_number(&written, &written), None);
        }
        for other in ["1.0.1+dev.1", "1.0.0-rc.1+dev.1", "1.0.0+dev.x", "1.0.0+develop.1", "1.0.0+dev.1.2"] {
            assert_eq!(build_number(&version("1.0.0"), &version(other)), None, "{other}");
        }
    }
}
