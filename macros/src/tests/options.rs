//! The table of options against the cases that show a user's faults.

use std::path::Path;

use crate::options::OPTIONS;

#[test]
fn each_option_has_a_case_of_its_faults() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let without: Vec<&str> = OPTIONS
        .iter()
        .map(|option| option.name)
        .filter(|name| !ui.join(format!("option_{name}.rs")).is_file())
        .collect();
    assert!(
        without.is_empty(),
        "no `option_<name>.rs` in {}: {without:?}",
        ui.display()
    );
}

#[test]
fn each_option_is_read_as_its_usage_says() {
    for option in OPTIONS.iter().filter(|option| option.name != "off") {
        for usage in option.usage.split(", or ") {
            let item = match option.on {
                crate::options::Placement::ImplBlock => "impl Engine {}",
                _ => {
                    "fn submit(symbol: &str, venue: &str, book: &Book, config: u64) -> Result<(), Rejected> {}"
                }
            };
            let expansion = super::stage(usage, item).to_string();
            assert!(!expansion.contains("compile_error"), "{usage}: {expansion}");
        }
    }
}
