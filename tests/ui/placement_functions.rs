use tickspan::traced_stage;

#[traced_stage]
const fn runs_while_compiling(quantity: u64) -> u64 {
    quantity
}

trait Venue {
    #[traced_stage]
    fn has_no_body(&self, quantity: u64);

    #[traced_stage]
    async fn has_no_body_later(&self) -> u64;
}

struct Engine;

impl Engine {
    #[traced_stage]
    const LIMIT: u64 = 5;
}

fn main() {
    let _: u64 = const { runs_while_compiling(Engine::LIMIT) };
}
