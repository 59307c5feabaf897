use tickspan::LatencyStages;

#[derive(LatencyStages)]
#[latency]
enum WithoutOptions {
    Received,
    #[latency = "sent"]
    Sent,
}

#[derive(LatencyStages)]
#[latency(budgett = "5us")]
enum Unknown {
    Received,
    #[latency(rename = "sent")]
    Sent,
}

#[derive(LatencyStages)]
enum Twice {
    Received,
    #[latency(budget = "5us", budget = "6us")]
    Updated,
    #[latency(name = "sent")]
    #[latency(name = "sent")]
    Sent,
}

#[derive(LatencyStages)]
#[latency(name)]
enum WithoutValues {
    Received,
    #[latency(budget)]
    Sent,
    #[latency("5us")]
    Filled,
}

#[derive(LatencyStages)]
#[latency(name = "Orders in flight")]
enum Names {
    #[latency(name = "")]
    Received,
    #[latency(name = SENT)]
    Sent,
}

#[derive(LatencyStages)]
#[latency(budget = "")]
enum Budgets {
    #[latency(budget = "5us")]
    First,
    #[latency(budget = 50)]
    Number,
    #[latency(budget = 50us)]
    WithoutQuotes,
    #[latency(budget = "50")]
    WithoutUnit,
    #[latency(budget = "50 msec")]
    UnknownUnit,
    #[latency(budget = "-5us")]
    Negative,
    #[latency(budget = "0s")]
    Zero,
    #[latency(budget = "0.5ns")]
    Fraction,
    #[latency(budget = "2.5.1us")]
    NoNumber,
    #[latency(budget = "90s")]
    TooLong,
    #[latency(budget = 5 * US)]
    Expression,
}

#[derive(LatencyStages)]
enum Misplaced {
    Received,
    Sent {
        #[latency(budget = "5us")]
        quantity: u64,
    },
}

fn main() {}
