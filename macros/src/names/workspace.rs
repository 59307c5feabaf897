//! The workspace to which a crate belongs, as cargo finds it.

use std::fs;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

/// The folder of the workspace: the one that the crate names, or else the nearest at or above it that does not exclude
/// it.
pub(super) fn workspace_of(root: &Path) -> Option<PathBuf> {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).ok()?;
    if let Some(named) = named_in(&manifest) {
        return Some(root.join(named));
    }
    root.ancestors()
        .find(|folder| {
            fs::read_to_string(folder.join("Cargo.toml"))
                .is_ok_and(|manifest| is_workspace_of(&manifest, folder, root))
        })
        .map(Path::to_owned)
}

/// What `package.workspace` says.
fn named_in(manifest: &str) -> Option<String> {
    let manifest = table(manifest)?;
    let named = manifest.get("package")?.get_ref().get("workspace")?;
    Some(named.get_ref().as_str()?.to_owned())
}

/// Whether a `Cargo.toml` is that of a workspace which does not exclude the crate. What it names as a member stays one.
fn is_workspace_of(manifest: &str, folder: &Path, root: &Path) -> bool {
    let table = table(manifest);
    let Some(workspace) = table.as_ref().and_then(|table| table.get("workspace")) else {
        return false;
    };
    let holds = |list: &str| {
        let paths = workspace.get_ref().get(list);
        let paths = paths.and_then(|paths| paths.get_ref().as_array());
        paths.into_iter().flatten().any(|path| {
            path.get_ref()
                .as_str()
                .is_some_and(|path| root.starts_with(folder.join(path)))
        })
    };
    !holds("exclude") || holds("members")
}

/// A `Cargo.toml`, if it says something of a workspace: most do not, and need no reading.
fn table(manifest: &str) -> Option<DeTable<'_>> {
    let table = manifest
        .contains("workspace")
        .then(|| DeTable::parse(manifest).ok())?;
    table.map(toml::Spanned::into_inner)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_workspace_of, named_in};

    #[test]
    fn a_workspace_holds_what_it_does_not_exclude() {
        let holds = |manifest: &str, root: &str| {
            is_workspace_of(manifest, Path::new("/src"), Path::new(root))
        };
        for (manifest, root, expected) in [
            ("[workspace]", "/src/desk", true),
            ("workspace.members = ['desk']", "/src/desk", true),
            ("[ workspace ]\nmembers = []", "/src/desk", true),
            ("[workspace.dependencies]", "/src", true),
            ("[package]\nname = 'workspace'", "/src", false),
            ("# [workspace]", "/src", false),
            ("[workspace]\nexclude = ['desk']", "/src/desk", false),
            ("[workspace]\nexclude = ['old']", "/src/old/desk", false),
            ("[workspace]\nexclude = ['desk']", "/src/desks", true),
            (
                "[workspace]\nmembers = ['old/desk']\nexclude = ['old']",
                "/src/old/desk",
                true,
            ),
            ("[workspace", "/src", false),
        ] {
            assert_eq!(holds(manifest, root), expected, "{manifest} {root}");
        }
    }

    #[test]
    fn a_crate_may_name_its_workspace() {
        let named = |manifest| named_in(manifest);
        assert_eq!(
            named("[package]\nworkspace = '../..'").as_deref(),
            Some("../..")
        );
        assert_eq!(named("[package]\nversion.workspace = true"), None);
        assert_eq!(named("[workspace]\n[package]\nname = 'a'"), None);
    }
}
