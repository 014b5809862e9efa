//! Which file of a crate imports which: from `use` declarations and from paths in code, re-exports followed to the file
//! that defines the item. Test modules are left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Item, UseTree,
    visit::{self, Visit},
};

type ModulePath = Vec<String>;

struct Module {
    file: PathBuf,
    /// It only declares and re-exports, so importing from it means importing from where the item is.
    is_door: bool,
    /// Name here, and the path that it is re-exported from.
    reexports: BTreeMap<String, ModulePath>,
    /// What its code names, as paths from the crate's root.
    named: BTreeSet<ModulePath>,
}

/// The imports between the files of a crate, by file relative to `folder/src`.
///
/// # Panics
/// If a file cannot be read as Rust.
pub fn imports(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let source = folder.join("src");
    let mut modules = BTreeMap::new();
    for root in ["lib.rs", "main.rs"] {
        if source.join(root).exists() {
            load(&source.join(root), &source, Vec::new(), &mut modules);
        }
    }
    let shown = |file: &Path| file.strip_prefix(&source).unwrap_or(file).display().to_string();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in modules.values().filter(|module| !module.is_door) {
        let from = shown(&module.file);
        for path in &module.named {
            if let Some(file) = defining(path, &modules, 0).map(|file| shown(&file))
                && file != from
            {
                arrows.entry(from.clone()).or_default().insert(file);
            }
        }
    }
    arrows
}

/// A circle among the arrows, if there is one: each imports the next, and the last the first.
pub fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn follow<'a>(
        file: &'a str,
        arrows: &'a BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|on_way| *on_way == file) {
            return Some(way[start..].iter().map(ToString::to_string).collect());
        }
        if done.contains(file) {
            return None;
        }
        way.push(file);
        for next in arrows.get(file).into_iter().flatten() {
            if let Some(circle) = follow(next, arrows, way, done) {
                return Some(circle);
            }
        }
        way.pop();
        done.insert(file);
        None
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|file| follow(file, arrows, &mut Vec::new(), &mut done))
}

/// The file that defines what a path names.
fn defining(path: &[String], modules: &BTreeMap<ModulePath, Module>, depth: usize) -> Option<PathBuf> {
    // Re-exports of re-exports end; a circle of them does not compile.
    if depth > 16 {
        return None;
    }
    let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
    let module = &modules[&path[..length]];
    if let Some(name) = path.get(length)
        && let Some(target) = module.reexports.get(name)
    {
        let full: ModulePath = target.iter().chain(&path[length + 1..]).cloned().collect();
        return defining(&full, modules, depth + 1);
    }
    (!module.is_door).then(|| module.file.clone())
}

fn load(file: &Path, children: &Path, path: ModulePath, modules: &mut BTreeMap<ModulePath, Module>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut reader = Reader { path: path.clone(), named: BTreeSet::new(), reexports: BTreeMap::new() };
    let mut is_door = true;
    for item in &parsed.items {
        match item {
            Item::Mod(child) if child.content.is_none() => {
                if is_test(&child.attrs) {
                    continue;
                }
                let name = child.ident.to_string();
                let (flat, nested) = (children.join(format!("{name}.rs")), children.join(&name));
                let mut child_path = path.clone();
                child_path.push(name);
                if flat.exists() {
                    load(&flat, &nested, child_path, modules);
                } else if nested.join("mod.rs").exists() {
                    load(&nested.join("mod.rs"), &nested, child_path, modules);
                }
            }
            Item::Mod(child) if is_test(&child.attrs) => {}
            Item::Use(_) => reader.visit_item(item),
            _ => {
                is_door = false;
                reader.visit_item(item);
            }
        }
    }
    let Reader { named, reexports, .. } = reader;
    modules.insert(path, Module { file: file.to_owned(), is_door, reexports, named });
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

struct Reader {
    path: ModulePath,
    named: BTreeSet<ModulePath>,
    reexports: BTreeMap<String, ModulePath>,
}

impl Reader {
    /// A path from the crate's root, if it leads into this crate.
    fn resolve(&self, segments: &[String]) -> Option<ModulePath> {
        match segments.first()?.as_str() {
            "crate" => Some(segments[1..].to_vec()),
            "self" => Some(self.path.iter().chain(&segments[1..]).cloned().collect()),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let base = self.path.len().checked_sub(ups)?;
                Some(self.path[..base].iter().chain(&segments[ups..]).cloned().collect())
            }
            _ => None,
        }
    }

    fn read_use(&mut self, tree: &UseTree, before: &[String], is_public: bool) {
        let with =
            |name: &syn::Ident| -> Vec<String> { before.iter().cloned().chain([name.to_string()]).collect() };
        match tree {
            UseTree::Path(path) => self.read_use(&path.tree, &with(&path.ident), is_public),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.read_use(tree, before, is_public));
            }
            UseTree::Name(name) if name.ident == "self" => self.import(before, before.last(), is_public),
            UseTree::Name(name) => {
                let own = name.ident.to_string();
                self.import(&with(&name.ident), Some(&own), is_public);
            }
            UseTree::Rename(name) => {
                let own = name.rename.to_string();
                self.import(&with(&name.ident), Some(&own), is_public);
            }
            UseTree::Glob(_) => self.import(before, None, false),
        }
    }

    fn import(&mut self, segments: &[String], name: Option<&String>, is_public: bool) {
        // In a crate's root, and in a door, `mod child; pub use child::Item` needs no `self`.
        let relative = || (is_public).then(|| self.path.iter().chain(segments).cloned().collect());
        let Some(target) = self.resolve(segments).or_else(relative) else { return };
        match name {
            Some(name) if is_public => drop(self.reexports.insert(name.clone(), target)),
            _ => drop(self.named.insert(target)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        self.read_use(&item.tree, &[], is_public);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    /// `pub(crate)` and `pub(super)` import nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(target) = self.resolve(&segments) {
            self.named.insert(target);
        }
        visit::visit_path(self, path);
    }
}
