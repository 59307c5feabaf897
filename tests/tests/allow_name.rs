//! What is declared public under a sensitive name is recorded, on both routes.

use tickspan::testing::capture;
use tickspan::{AttributeValue, event, public, traced_stage};
use tickspan_tests::capture::Capture;

#[derive(AttributeValue)]
#[public(reason = "account of the public demo book", allow_name = true)]
struct DemoAccountNumber(u64);

#[traced_stage(fields(
    demo.account_number = DemoAccountNumber(8),
    pin = public!(contact, reason = "number of a contact on the board", allow_name = true)
))]
fn print_statement(account_number: u64, contact: u32) {
    event!(
        "printed",
        account_number = public!(
            account_number,
            reason = "account of the public demo book",
            allow_name = true
        )
    );
    let _ = contact;
}

#[test]
fn on_the_lane_what_is_allowed_by_name_is_recorded() {
    let ((), captured) = capture(|| print_statement(7, 17));
    assert_eq!(
        captured.tree(),
        "print_statement contact=17 demo.account_number=8 pin=17\n- printed account_number=7\n"
    );
}

#[test]
fn on_the_tracing_route_what_is_allowed_by_name_is_recorded() {
    let subscriber = Capture::new();
    subscriber.run(|| print_statement(7, 17));
    assert_eq!(
        subscriber.tree(),
        "print_statement contact=17 demo.account_number=8 pin=17\n  - printed message=<printed> account_number=7\n"
    );
}
