//! The same work through tickspan and through other libraries, measured in one run.

mod arguments;
mod build_cost;
mod child;
mod clock;
mod default_rate;
mod libraries;
mod library;
mod machine;
mod measure;
mod message;
mod pace;
mod receiver;
mod report;
mod results;
mod sink;

use std::error::Error;
use std::fs;
use std::path::Path;

use clap::Parser;

use crate::arguments::Arguments;
use crate::results::Results;

/// Where results are kept, from this package's folder.
const PAGES: &str = "../../docs/performance";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if arguments.receiver {
        return receiver::server::serve();
    }
    if arguments.child {
        println!("{}", child::answer(&arguments)?);
        return Ok(());
    }
    let results = Results::measure(&arguments)?;
    let page = report::page(&results, &arguments)?;
    print!("{page}");
    if let Some(machine) = &arguments.write {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES);
        fs::write(pages.join(format!("{machine}.md")), page)?;
    }
    Ok(())
}
