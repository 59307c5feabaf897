use tickspan::traced_stage;

#[traced_stage(kind = "cleint")]
fn misspelt() {}

#[traced_stage(kind = "rpc")]
fn unknown() {}

#[traced_stage(kind = client)]
fn unquoted() {}

#[traced_stage(kind = Kind::Client)]
fn a_path() {}

#[traced_stage(kind)]
fn without_a_value() {}

#[traced_stage(kind = "client", kind = "server")]
fn twice() {}

fn main() {}
