//! Prints `docs/settings.md` from the table of settings:
//! `cargo run --quiet -p presign-server --example settings_page > docs/settings.md`

fn main() {
    print!("{}", presign_server::settings_markdown());
}
