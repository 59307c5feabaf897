//! Secrets in what other crates record with `tracing`, and set through the API of OpenTelemetry.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use futures::FutureExt as _;
use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::trace::{Status, TraceContextExt as _};
use tickspan::{record, stage, traced_stage};
use tracing::field::Empty;
use tracing::{error, info, info_span, instrument, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::forms::NUMBER;
use crate::stages::secret;

/// The names of spans that [`under_sensitive_keys`] leaves.
pub(crate) const SPANS: &[&str] = &["login", "connect", "query", "recorded_by_others", "send_on"];

#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Refused {}

#[instrument(err, skip(note))]
fn login(password: &str, api_key: String, note: &str) -> Result<usize, Refused> {
    let _ = (password, &api_key);
    Err(Refused(note.to_owned()))
}

#[instrument(err(Debug), ret)]
fn connect(secret: &str) -> Result<usize, Refused> {
    Err(Refused(secret.to_owned()))
}

/// Records on a stage's own span what the stage itself skips. After `init` a stage is no span of `tracing`, unless on the
/// tracing route.
#[traced_stage(name = "recorded_by_others")]
fn record_on_the_stage(password: &str) {
    let current = tracing::Span::current();
    current.record("password", password);
    current.set_attribute("password", password.to_owned());
    record!(attempts = 3);
}

/// What the default policy withholds: secrets under keys that name them, and in errors.
pub(crate) fn under_sensitive_keys() {
    let secret = secret("a sensitive key");
    let _ = login(&secret, secret.clone(), &secret);
    let _ = connect(&secret);
    record_on_the_stage(&secret);
    send_on("api_key");
    let refused = Refused(secret.clone());
    let cause = &refused as &(dyn Error + 'static);
    let span = info_span!(
        "query",
        password = %secret,
        account_number = NUMBER,
        pin = NUMBER,
        user.email = secret,
        db.credential = ?secret,
        iban = ?Some(&secret),
        session_token = Empty,
        error = %refused,
        exception.message = %refused,
        exception.stacktrace = ?refused,
        cause,
        innocent = cause,
        otel.status_code = "error",
        otel.status_description = %secret,
    );
    span.record("session_token", secret.as_str());
    let _entered = span.enter();
    info!(api_key = secret, "signed");
    warn!(error = cause, "refused");
    error!(err = %refused, "refused");
    error!(last_error = ?refused, private.key = secret.as_bytes());
    error!(error = %refused);
    span.set_attribute("password", secret.clone());
    span.set_attribute("exception.message", secret.clone());
    span.add_event("signed", vec![KeyValue::new("api_key", secret.clone())]);
    span.set_status(Status::error(secret.clone()));
    let context = span.context();
    let span = context.span();
    span.record_error(&refused);
    span.add_event("refused", vec![KeyValue::new("error", secret)]);
}

/// What leaves in headers: what came in them, and what other crates put into baggage.
fn send_on(key: &'static str) {
    let secret = secret("baggage");
    let received = HashMap::from([("baggage".to_owned(), format!("{key}={secret},desk=fx"))]);
    let context = tickspan::propagate::extract(&received).with_baggage("attempt", &7);
    context.run(|| {
        let mut sent = HashMap::<String, String>::new();
        stage!("send_on", async { tickspan::propagate::inject(&mut sent) })
            .now_or_never()
            .expect("it waits for nothing");
        println!("sent on: {sent:?}");
    });
    let member = KeyValue::new(key, secret);
    let _current = opentelemetry::Context::current_with_baggage([member]).attach();
    println!(
        "sent: {:?}",
        tickspan::propagate::headers().collect::<Vec<_>>()
    );
}

/// What only the strict policies withhold: secrets in any text.
pub(crate) fn under_innocent_keys() {
    let secret = secret("an innocent key");
    let span = info_span!(
        "request",
        note = %secret,
        url.full = secret,
        otel.name = secret,
        late = Empty,
        otel.kind = secret,
        sequence = NUMBER,
    );
    span.record("late", secret.as_str());
    let _entered = span.enter();
    send_on("note");
    info!("{secret}");
    info!(user = secret, "logged in as {secret}");
    info!(message = secret);
    info!(target: "sdk::client", parent: None, note = ?secret.as_bytes(), "{}", secret);
    span.set_attribute("note", secret.clone());
    span.set_attribute(secret.clone(), 1);
    span.add_event(secret.clone(), vec![KeyValue::new("note", secret.clone())]);
    let context = span.context();
    context.span().update_name(secret);
}
