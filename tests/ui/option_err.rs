use tickspan::traced_stage;

struct Refused;

#[traced_stage(err)]
fn returns_nothing() {}

#[traced_stage(err)]
async fn returns_nothing_later() {}

#[traced_stage(err)]
fn returns_a_number() -> u64 {
    5
}

#[traced_stage(err)]
fn returns_a_tuple() -> (u64, bool) {
    (5, true)
}

#[traced_stage(err)]
fn never_returns() -> ! {
    loop {}
}

#[traced_stage(err)]
fn returns_something_opaque() -> impl Iterator<Item = u64> {
    0..3
}

#[traced_stage(err(Debug))]
fn debug_text() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(Display))]
fn display_text() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(mapper = Refused::code))]
fn unknown_option() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(level = "loud"))]
fn unknown_level() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(map))]
fn map_without_a_value() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(level = "warn", level = "error"))]
fn level_twice() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err, err)]
fn twice() -> Result<(), Refused> {
    Ok(())
}

fn main() {}
