use tickspan::SafeError;

#[derive(SafeError)]
enum Rejected {
    #[safe_error(kind = REASON)]
    TooLarge,
    #[safe_error(kind = "")]
    Halted,
    #[safe_error(name = "closed")]
    Closed,
    #[safe_error(kind = "late")]
    #[safe_error(kind = "too_late")]
    Late,
    Text(#[safe_error(kind = "text")] String),
}

#[derive(SafeError)]
#[safe_error(kind = "refused")]
enum Refused {
    Once,
}

#[derive(SafeError)]
union Bits {
    number: u64,
}

struct ByHand;

impl SafeError for ByHand {
    fn kind(&self) -> &'static str {
        "by hand"
    }
}

fn main() {}
