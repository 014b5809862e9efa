//! A component of the project: where it is, and how it is built.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A component: a folder of handlers in some language, or a `.wasm` file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Details {
    /// The folder or the file.
    path: PathBuf,
    /// The language of a folder's handlers. None: what its files say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    /// What runs JavaScript inside of the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engine: Option<Engine>,
    /// The command that makes a `.wasm` file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build: Option<String>,
    /// What `tasker dev` watches to run the command again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    watch: Vec<PathBuf>,
}

/// An entry of `components`: a path, or a table of [`Details`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component(Details);

/// A language that `tasker build` builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    Rust,
    #[serde(alias = "javascript")]
    Typescript,
    Python,
    Go,
    Ruby,
}

/// What runs JavaScript.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    /// Small, and starts fast.
    #[default]
    QuickJs,
}

/// How a component is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipe<'a> {
    /// It is there.
    File,
    /// By this command.
    Command(&'a str),
    /// By the tools of this language.
    Language(Language),
}

impl Component {
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn engine(&self) -> Engine {
        self.0.engine.unwrap_or_default()
    }

    /// What is watched for changes: folders and files.
    pub(crate) fn watched(&self) -> &[PathBuf] {
        match self.0.build {
            // The file changes because of the command.
            Some(_) => &self.0.watch,
            None => std::slice::from_ref(&self.0.path),
        }
    }

    /// How it is made, where `root` is the folder of the project.
    ///
    /// # Errors
    /// What to write instead of keys that contradict each other, or of a folder that says nothing about its language.
    pub(crate) fn recipe(&self, root: &Path) -> Result<Recipe<'_>, String> {
        let Details { path, language, engine, build, watch } = &self.0;
        let folder = root.join(path);
        let shown = folder.display();
        if let Some(command) = build {
            if language.is_some() || engine.is_some() || folder.is_dir() {
                return Err(format!(
                    "{shown}: `build` is a command that makes a .wasm file: name that file as `path`, without `language` and `engine`"
                ));
            }
            return Ok(Recipe::Command(command));
        }
        if !watch.is_empty() {
            return Err(format!("{shown}: `watch` is for components with `build`"));
        }
        if !folder.exists() {
            return Err(format!("there is no {shown}"));
        }
        if folder.is_file() {
            return match (language, engine) {
                (None, None) => Ok(Recipe::File),
                _ => Err(format!(
                    "{shown} is a file, which is used as it is: `language` and `engine` are for folders"
                )),
            };
        }
        let language = match language {
            Some(language) => *language,
            None => Language::of(&folder).ok_or_else(|| {
                format!(
                    "{shown} has no {}: name a folder of handlers, or a .wasm file",
                    Language::manifests()
                )
            })?,
        };
        if engine.is_some() && language != Language::Typescript {
            return Err(format!("{shown}: `engine` is for `language = \"typescript\"`"));
        }
        Ok(Recipe::Language(language))
    }
}

impl Language {
    /// All of them. Of a folder with the files of several, the first is meant.
    const ALL: [Self; 5] = [Self::Rust, Self::Typescript, Self::Python, Self::Go, Self::Ruby];

    /// The file that makes a folder a package of this language.
    pub(crate) fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Typescript => "package.json",
            Self::Python => "pyproject.toml",
            Self::Go => "go.mod",
            Self::Ruby => "Gemfile",
        }
    }

    fn of(folder: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|language| folder.join(language.manifest()).is_file())
    }

    fn manifests() -> String {
        Self::ALL.map(Self::manifest).join(" or ")
    }
}

impl From<&str> for Component {
    fn from(path: &str) -> Self {
        Self(Details { path: path.into(), language: None, engine: None, build: None, watch: Vec::new() })
    }
}

impl Serialize for Component {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.language.is_none() && self.0.engine.is_none() && self.0.build.is_none() {
            return self.0.path.serialize(serializer);
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> Visitor<'de> for Entry {
            type Value = Component;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "a path, or a table such as { path = \"handlers\", language = \"typescript\" }",
                )
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Component, E> {
                Ok(path.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Component, A::Error> {
                Details::deserialize(MapAccessDeserializer::new(map)).map(Component)
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct Holder {
        components: Vec<Component>,
    }

    fn read(text: &str) -> Result<Vec<Component>, String> {
        toml::from_str::<Holder>(text).map(|holder| holder.components).map_err(|error| error.to_string())
    }

    #[test]
    fn an_entry_is_a_path_or_a_table_and_is_written_as_it_was_read() {
        let text = "components = [\".\", { path = \"js\", engine = \"quickjs\" }, { path = \"x.wasm\", build = \"make\", watch = [\"src\"] }]";
        let components = read(text).unwrap();
        assert_eq!(components[0], ".".into());
        let again = toml::to_string(&Holder { components: components.clone() }).unwrap();
        assert_eq!(read(&again).unwrap(), components);
        assert_eq!(components[2].watched(), [PathBuf::from("src")]);
    }

    #[test]
    fn what_is_no_entry_is_refused_with_its_line() {
        let error = read("components = [\n  { path = \"js\", langage = \"typescript\" }]").unwrap_err();
        assert!(error.contains("line 2") && error.contains("langage"), "{error}");
        let error = read("components = [{ path = \"js\", language = \"cobol\" }]").unwrap_err();
        assert!(error.contains("cobol") && error.contains("typescript"), "{error}");
        assert!(read("components = [7]").unwrap_err().contains("a path, or a table"));
    }

    #[test]
    fn the_files_of_a_folder_say_its_language() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let recipe = |text: &str| {
            let component = read(&format!("components = [{text}]")).unwrap().remove(0);
            match component.recipe(root) {
                Ok(Recipe::Command(command)) => Ok(command.to_owned()),
                Ok(recipe) => Ok(format!("{recipe:?}")),
                Err(error) => Err(error),
            }
        };
        fs::create_dir_all(root.join("both")).unwrap();
        fs::create_dir_all(root.join("js")).unwrap();
        fs::create_dir_all(root.join("py")).unwrap();
        fs::create_dir_all(root.join("rb")).unwrap();
        fs::create_dir_all(root.join("empty")).unwrap();
        for file in [
            "both/Cargo.toml",
            "both/package.json",
            "js/package.json",
            "py/pyproject.toml",
            "rb/Gemfile",
            "x.wasm",
        ] {
            fs::write(root.join(file), "").unwrap();
        }
        assert_eq!(recipe("'both'").unwrap(), "Language(Rust)");
        assert_eq!(recipe("{ path = 'both', language = 'javascript' }").unwrap(), "Language(Typescript)");
        assert_eq!(recipe("'js'").unwrap(), "Language(Typescript)");
        assert_eq!(recipe("'py'").unwrap(), "Language(Python)");
        assert_eq!(recipe("'rb'").unwrap(), "Language(Ruby)");
        assert_eq!(recipe("'x.wasm'").unwrap(), "File");
        assert_eq!(recipe("{ path = 'y.wasm', build = 'make y' }").unwrap(), "make y");
        for (text, fault) in [
            ("'empty'", "has no Cargo.toml or package.json or pyproject.toml or go.mod or Gemfile"),
            ("'gone'", "there is no"),
            ("{ path = 'js', build = 'make' }", "name that file as `path`"),
            ("{ path = 'x.wasm', language = 'rust' }", "is used as it is"),
            ("{ path = 'both', engine = 'quickjs' }", "`engine` is for"),
            ("{ path = 'js', watch = ['src'] }", "`watch` is for components with `build`"),
        ] {
            let error = recipe(text).unwrap_err();
            assert!(error.contains(fault), "{text}: {error}");
        }
    }
}
