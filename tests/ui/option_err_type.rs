use tickspan::traced_stage;

struct Refused {
    reason: String,
}

impl Refused {
    fn reason(&self) -> String {
        self.reason.clone()
    }
}

type Quantity = Option<u64>;

#[traced_stage(err)]
fn through_an_alias() -> Quantity {
    Some(5)
}

#[traced_stage(err)]
async fn later(quantity: u64) -> Option<u64> {
    Some(quantity)
}

#[traced_stage(err(map = Refused::reason))]
fn maps_to_text() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(map = |refused| refused.reason.len().to_string()))]
async fn maps_to_text_later() -> Result<(), Refused> {
    Ok(())
}

#[traced_stage(err(map = 5))]
fn maps_by_no_function() -> Result<(), Refused> {
    Ok(())
}

fn main() {}
