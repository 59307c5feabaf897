//! What leaves of marked arguments, and what their structs show.

use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::testing::capture;
use tickspan::{
    Class, EdgeBreakdown, Redacted, Route, Sensitive, TradeEvent, financial, health, traced_stage,
};
use tickspan_tests::capture::Capture;
use tickspan_tests::child::Child;

enum Skew {}

impl Class for Skew {
    const NAME: &'static str = "skew";
}

struct Account {
    card: Sensitive<String, financial::Card>,
    iban: String,
}

#[traced_stage]
#[expect(clippy::too_many_arguments, reason = "one for each mode")]
fn open_account(
    quantity: u64,
    #[sensitive] pin: u32,
    #[pii(Phone)] phone: &str,
    #[pii(Email, export = domain)] email: &str,
    #[pii(Card, export = last4)] card: &Sensitive<String, financial::Card>,
    #[pii(Iban, export = prefix)] iban: &str,
    #[pii(Ip, export = prefix)] host: std::net::IpAddr,
    #[pii(BirthDate, export = bucket(10))] born: u16,
    #[pii(self::Skew, export = redacted)] skew: f64,
) -> usize {
    let _ = (quantity, pin, skew, born, host);
    phone.len() + email.len() + iban.len() + card.expose("count its digits").len()
}

fn open(account: &Account) {
    open_account(
        100,
        4_711,
        "+49 30 1234567",
        "alice@example.com",
        &account.card,
        &account.iban,
        [192, 0, 2, 17].into(),
        1987,
        0.7,
    );
}

fn account() -> Account {
    Account {
        card: Sensitive::new("4111 1111 1111 1234".to_owned()),
        iban: "DE89370400440532013000".to_owned(),
    }
}

/// What both routes record.
const RECORDED: &str = "open_account quantity=100 email=\"example.com\" card=\"****1234\" iban=\"DE89****\" \
                        host=\"192.0.2.0/24\" born=1980 skew=\"[redacted: skew]\"\n";

#[test]
fn on_the_lane_what_leaves_of_an_argument_is_what_its_mark_says() {
    let ((), captured) = capture(|| open(&account()));
    assert_eq!(captured.tree(), RECORDED);
}

#[test]
fn on_the_tracing_route_what_leaves_of_an_argument_is_what_its_mark_says() {
    let subscriber = Capture::new();
    subscriber.run(|| open(&account()));
    assert_eq!(subscriber.tree(), RECORDED);
}

#[derive(TradeEvent, Redacted)]
struct AccountOpened<'a> {
    venue: &'a str,
    #[sensitive]
    pin: u32,
    #[pii(Email, export = domain)]
    email: &'a str,
    #[trade_event(rename = "card_end")]
    #[pii(Card, export = last4)]
    card: &'a Sensitive<String, financial::Card>,
    #[trade_event(skip)]
    #[pii(Phone)]
    phone: &'a str,
}

#[derive(EdgeBreakdown)]
struct Leg {
    #[edge(gross)]
    spread: f64,
    #[edge(cost)]
    slippage: f64,
    #[edge(context)]
    #[pii(AccountNumber, export = last4)]
    account: u64,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(leg)]
    maker: Leg,
    #[edge(cost)]
    fee: f64,
    #[edge(context)]
    #[sensitive]
    desk_key: String,
    #[edge(context, rename = "skew_bucket")]
    #[pii(self::Skew, export = bucket(10))]
    skew: u64,
}

#[traced_stage]
fn trade(account: &Account) {
    let opened = AccountOpened {
        venue: "nasdaq",
        pin: 4_711,
        email: "alice@example.com",
        card: &account.card,
        phone: "+49 30 1234567",
    };
    opened.record();
    assert!(!format!("{opened:?}").contains("4711"));
    _ = (opened.pin, opened.phone);
    let edge = Edge {
        maker: Leg {
            spread: 2.5,
            slippage: 0.25,
            account: 90_001_234,
        },
        fee: 0.5,
        desk_key: "k-4711".to_owned(),
        skew: 37,
    };
    edge.record(&edge.decide());
    _ = edge.desk_key;
}

/// The attributes of both events, without the names, which the routes show in their own ways.
const TRADED: [&str; 2] = [
    "venue=\"nasdaq\" email=\"example.com\" card_end=\"****1234\"",
    "edge.name=\"edge\" edge.total_cost=0.75 edge.net=1.75 edge.decision=\"accept\" edge.maker.gross=2.5 \
     edge.maker.slippage=0.25 maker.account=\"****1234\" edge.fee=0.5 skew_bucket=30",
];

fn assert_traded(tree: &str, before: [&str; 2]) {
    let expected = before
        .iter()
        .zip(TRADED)
        .map(|(before, attributes)| format!("{before} {attributes}"));
    let events: Vec<&str> = tree.lines().skip(1).map(str::trim).collect();
    assert_eq!(events, expected.collect::<Vec<_>>());
}

#[test]
fn on_the_lane_what_leaves_of_a_field_is_what_its_mark_says() {
    let ((), captured) = capture(|| trade(&account()));
    assert_traded(&captured.tree(), ["- account_opened", "- edge"]);
}

#[test]
fn on_the_tracing_route_what_leaves_of_a_field_is_what_its_mark_says() {
    let subscriber = Capture::new();
    subscriber.run(|| trade(&account()));
    assert_traded(
        &subscriber.tree(),
        [
            "- account_opened message=<account_opened>",
            "- edge message=<edge>",
        ],
    );
}

#[test]
fn masks_allocate_nothing() {
    let account = account();
    let subscriber = tracing_subscriber::registry();
    tracing::subscriber::with_default(subscriber, || {
        open(&account);
        // The least of some calls: other tests make subscribers meanwhile, which each callsite is told of.
        let allocations = |work: &dyn Fn()| {
            let calls = (0..10).map(|_| allocation_counter::measure(work).count_total);
            calls.min()
        };
        let counted = allocations(&|| {
            open(&account);
        });
        let without = allocations(&|| {
            plain(100);
        });
        assert_eq!(counted, without);
    });
}

#[traced_stage]
fn plain(quantity: u64) -> u64 {
    quantity
}

#[traced_stage]
async fn verify(#[pii(Email, export = last4)] mut email: String, #[sensitive] _code: u32) -> usize {
    email.push('!');
    email.len()
}

struct Desk {
    base: f64,
}

#[traced_stage]
impl Desk {
    fn quote(&self, #[sensitive] (skew, width): (f64, f64), #[pii(Name)] r#for: &str) -> f64 {
        let _ = r#for;
        self.base + skew + width
    }
}

#[test]
fn marks_stand_on_async_functions_methods_and_patterns() {
    let (_, captured) = capture(|| {
        futures::executor::block_on(verify("alice@example.com".to_owned(), 7));
        Desk { base: 1.0 }.quote((0.1, 0.2), "Alice")
    });
    assert_eq!(captured.tree(), "verify email=\"****ecom\"\nquote\n");
}

#[traced_stage]
fn register(#[pii(Email, export = hmac)] email: &str) -> usize {
    email.len()
}

fn exported_by(route: Route, key: Option<&[u8]>) -> Vec<String> {
    let exporter = InMemorySpanExporter::default();
    let builder = tickspan::builder()
        .with_route(route)
        .with_console(false)
        .with_summary(false)
        .with_span_exporter(exporter.clone());
    let builder = match key {
        Some(key) => builder.with_hmac_key(key),
        None => builder,
    };
    let telemetry = builder.init().unwrap();
    register("alice@example.com");
    register("alice@example.com");
    register("bob@example.com");
    telemetry.flush(std::time::Duration::from_mins(1)).unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    spans
        .iter()
        .flat_map(|span| &span.attributes)
        .filter(|attribute| attribute.key.as_str() == "email")
        .map(|attribute| attribute.value.to_string())
        .collect()
}

fn pseudonyms_are_equal_where_values_are(route: Route) {
    let emails = exported_by(route, Some(&[b'k'; 32]));
    // printf 'email\0alice@example.com' | openssl dgst -sha256 -hmac <32 times k> | cut -c1-32
    assert_eq!(emails[0], "a67c682bb7cb89ead3aa0e0423787ca5");
    assert_eq!(emails[0], emails[1]);
    assert_ne!(emails[0], emails[2]);
    assert_eq!(health().values_without_key, 0);
}

#[test]
fn pseudonyms_on_the_lane() {
    Child::of("pseudonyms_on_the_lane", || {
        pseudonyms_are_equal_where_values_are(Route::Lane);
    })
    .run();
}

#[test]
fn pseudonyms_on_the_tracing_route() {
    Child::of("pseudonyms_on_the_tracing_route", || {
        pseudonyms_are_equal_where_values_are(Route::Tracing);
    })
    .run();
}

#[test]
fn without_a_key_there_are_no_pseudonyms_and_it_is_counted_and_told() {
    let told = Child::of(
        "without_a_key_there_are_no_pseudonyms_and_it_is_counted_and_told",
        || {
            let exporter = InMemorySpanExporter::default();
            let telemetry = tickspan::builder()
                .with_span_exporter(exporter.clone())
                .init()
                .unwrap();
            for _ in 0..3 {
                register("alice@example.com");
            }
            telemetry.flush(std::time::Duration::from_mins(1)).unwrap();
            for span in exporter.get_finished_spans().unwrap() {
                let email = span.attributes.iter().find(|it| it.key.as_str() == "email");
                assert_eq!(email.unwrap().value.to_string(), "[redacted: email]");
            }
            assert_eq!(health().values_without_key, 3);
        },
    )
    .run();
    let told = told.stderr;
    assert_eq!(told.matches("there is no key").count(), 1, "{told}");
    assert!(told.contains("TICKSPAN_HMAC_KEY"), "{told}");
    assert!(!told.contains("alice"), "{told}");
}

#[derive(Redacted)]
struct Login<T> {
    desk: T,
    #[sensitive]
    password: String,
    #[pii(Email, export = domain)]
    email: String,
}

#[expect(dead_code, reason = "read by `Debug` alone")]
#[derive(Redacted)]
enum Message {
    Ping,
    Auth(u32, #[sensitive] String),
    Order {
        size: u64,
        #[pii(self::Skew)]
        skew: f64,
    },
}

#[test]
fn a_generated_debug_withholds_marked_fields() {
    let login = Login {
        desk: 7,
        password: "hunter2".to_owned(),
        email: "alice@example.com".to_owned(),
    };
    let _ = (&login.desk, &login.password, &login.email);
    assert_eq!(
        format!("{login:?}"),
        "Login { desk: 7, password: [redacted: secret], email: [redacted: email] }"
    );
    let all = [
        Message::Ping,
        Message::Auth(1, "hunter2".to_owned()),
        Message::Order { size: 5, skew: 0.7 },
    ];
    assert_eq!(
        format!("{all:?}"),
        "[Ping, Auth(1, [redacted: secret]), Order { size: 5, skew: [redacted: skew] }]"
    );
}
