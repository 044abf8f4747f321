//! Whether the tests that `docs/published-faults.md` names are there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::workspace::Workspace;

/// Looks for each test, or file of tests, that the page names, in the tests of the server.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let page = workspace.root().join("docs/published-faults.md");
    let text = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let tests = workspace.root().join("crates/server/tests");
    // The page leaves out the name of the binary that it is about.
    let folders = [tests.clone(), tests.join("published_faults")];
    let names = names(&text);
    if names.is_empty() {
        bail!("{} names no test", page.display());
    }
    let missing: Vec<&str> =
        names.iter().filter(|name| !is_there(&folders, name)).map(String::as_str).collect();
    if !missing.is_empty() {
        bail!("{} names tests that do not exist: {}", page.display(), missing.join(", "));
    }
    Ok(())
}

/// The tests in the last column of the table of what was tried, each with its file: `file::test`, `folder::file::test`,
/// `folder::file`. The file of `…::test` and `…_end_of_a_test` is that of the name before it.
fn names(page: &str) -> Vec<String> {
    let tried = page.lines().skip_while(|line| *line != "## Tried").skip(1);
    let rows = tried.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| "));
    let mut names = Vec::new();
    for row in rows {
        let Some((_, cell)) = row.trim_end_matches(" |").rsplit_once(" | ") else { continue };
        let mut file = String::new();
        // What stands between backticks is every other piece.
        for code in cell.split('`').skip(1).step_by(2) {
            let name = match code.strip_prefix('…') {
                Some(rest) => format!("{file}::{}", rest.strip_prefix("::").unwrap_or(code)),
                None => code.to_owned(),
            };
            if let Some((before, _)) = name.rsplit_once("::") {
                file = before.to_owned();
                names.push(name);
            }
        }
    }
    names
}

fn is_there(folders: &[PathBuf], name: &str) -> bool {
    let file_of = |name: &str| -> PathBuf { Path::new(&name.replace("::", "/")).with_extension("rs") };
    folders.iter().any(|folder| {
        let has_test = name.rsplit_once("::").is_some_and(|(file, test)| {
            std::fs::read_to_string(folder.join(file_of(file))).is_ok_and(|text| has_test(&text, test))
        });
        has_test || folder.join(file_of(name)).is_file()
    })
}

/// Whether a source has a function of that name, whose beginning or end may be left out as `…`.
fn has_test(source: &str, name: &str) -> bool {
    let mut functions =
        source.lines().filter_map(|line| line.trim_start().strip_prefix("fn ")?.split('(').next());
    let (open_start, open_end) = (name.starts_with('…'), name.ends_with('…'));
    let name = name.trim_matches('…');
    functions.any(|function| match (open_start, open_end) {
        (false, false) => function == name,
        (true, false) => function.ends_with(name),
        (false, true) => function.starts_with(name),
        (true, true) => function.contains(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_that_the_page_names_is_there() {
        check(&Workspace::locate().unwrap()).unwrap();
    }

    #[test]
    fn names_stand_in_the_last_column_of_what_was_tried() {
        let page = "\
| a | `outside::of_it` |
## Tried
| fault | tested by |
|---|---|
| `not::this` | `one::full`, and `…_end`, `…::start_…` |
| b | `cargo xtask timing`; `server::file` |
## Cannot occur here
| c | `operation::refused_headers` |
";
        assert_eq!(names(page), ["one::full", "one::…_end", "one::start_…", "server::file"]);
    }

    #[test]
    fn a_part_of_a_name_must_be_that_of_a_function() {
        let source = "fn helper() {}\n\n#[test]\nfn cve_1_by_sigv2() {\n    cve_2();\n";
        for (name, found) in [
            ("cve_1_by_sigv2", true),
            ("…_by_sigv2", true),
            ("cve_1_…", true),
            ("cve_1", false),
            ("cve_2", false),
            ("…_by_sigv4", false),
        ] {
            assert_eq!(has_test(source, name), found, "{name}");
        }
    }
}
