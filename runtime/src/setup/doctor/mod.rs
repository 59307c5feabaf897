//! Looks at the environment, sends a test of each signal that is on where it would go, and says what came of it.
//!
//! What the command `tickspan doctor` prints (feature `cli`).

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod advice;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod listener;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod probe;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use super::builder::Choices;
use super::destination::SignalSettings;
use super::environment::{Environment, Lookup};
use super::settings::{FilterText, MetricSettings, Settings, TracingSettings};
use super::{Error, hmac_key, subscriber};
use crate::collect::human;
use crate::export::Target;

/// What the doctor found.
///
/// `Display` writes it for people.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// let diagnosis = tickspan::doctor::examine(Duration::from_secs(10));
/// println!("{diagnosis}");
/// std::process::exit(i32::from(diagnosis.verdict.exit_code()));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The one word.
    pub verdict: Verdict,
    /// Why `init` would fail.
    pub error: Option<String>,
    /// What `init` would do: names and values, without secrets.
    pub plan: Vec<(&'static str, String)>,
    /// What came of what was sent.
    pub probes: Vec<Probe>,
}

/// The one word of a [`Diagnosis`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Everything that was sent has been taken. Exit code 0.
    Taken,
    /// Something was not taken. Exit code 1.
    NotTaken,
    /// A variable is wrong: `init` would fail. Exit code 3.
    WrongSettings,
    /// Nothing would be sent. Exit code 4.
    NothingIsSent,
}

impl Verdict {
    /// What the command exits with. 2 stands for a wrong use of the command itself.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Taken => 0,
            Self::NotTaken => 1,
            Self::WrongSettings => 3,
            Self::NothingIsSent => 4,
        }
    }

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::NotTaken => "not_taken",
            Self::WrongSettings => "wrong_settings",
            Self::NothingIsSent => "nothing_is_sent",
        }
    }
}

/// What came of one thing that was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// `traces`, `metrics` or `logs`.
    pub signal: &'static str,
    /// Protocol and address, without secrets.
    pub target: String,
    /// How long the answer took.
    pub took: Duration,
    /// What the backend says of what it took.
    pub remark: Option<String>,
    /// Why it was not taken.
    pub failure: Option<FailedProbe>,
}

/// Why something was not taken, and what can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedProbe {
    /// What happened, in the words of the backend or the operating system.
    pub reason: String,
    /// The likely cause.
    pub likely: String,
    /// What to do.
    pub fix: String,
}

/// Reads the environment of this process as [`init`](crate::init) would, and sends a test span, a test metric and a test
/// log record where they would go, for `timeout` at most each. Starts nothing that stays.
pub fn examine(timeout: Duration) -> Diagnosis {
    let set = env::vars_os().map(|(name, _)| name);
    examine_in(&|name| env::var_os(name), set, timeout)
}

/// With the variables that are `set`.
fn examine_in(
    lookup: Lookup<'_>,
    set: impl Iterator<Item = OsString>,
    timeout: Duration,
) -> Diagnosis {
    match read(lookup, set) {
        Ok((settings, misspelt)) => sent(&settings, &misspelt, timeout),
        Err(error) => Diagnosis::wrong(error),
    }
}

fn read(
    lookup: Lookup<'_>,
    set: impl Iterator<Item = OsString>,
) -> Result<(Settings, Vec<Error>), Error> {
    let environment = Environment::read(lookup)?;
    let misspelt = environment.misspelt(set)?;
    let settings = Settings::merge(&Choices::default(), environment)?;
    hmac_key::read(None, lookup)?;
    subscriber::gate(&settings, true)?;
    Ok((settings, misspelt))
}

fn sent(settings: &Settings, misspelt: &[Error], timeout: Duration) -> Diagnosis {
    let mut plan = plan(settings);
    plan.extend(note(settings, misspelt));
    let probes: Result<Vec<Probe>, Error> = match &settings.tracing {
        None => Ok(Vec::new()),
        #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
        Some(tracing) => probe::all(tracing, timeout),
        // Without a network exporter an endpoint is an error before.
        #[cfg(not(any(feature = "otlp-grpc", feature = "otlp-http")))]
        Some(_) => {
            let _ = timeout;
            Ok(Vec::new())
        }
    };
    match probes {
        Err(error) => Diagnosis {
            plan,
            ..Diagnosis::wrong(error)
        },
        Ok(probes) => Diagnosis {
            verdict: match probes.iter().all(|probe| probe.failure.is_none()) {
                _ if probes.is_empty() => Verdict::NothingIsSent,
                true => Verdict::Taken,
                false => Verdict::NotTaken,
            },
            error: None,
            plan,
            probes,
        },
    }
}

impl Diagnosis {
    fn wrong(error: Error) -> Self {
        let error = error.told();
        let mut words = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            words.extend([": ", &error.to_string()]);
            source = error.source();
        }
        Self {
            verdict: Verdict::WrongSettings,
            error: Some(words),
            plan: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// The same for programs: an object with `verdict`, `error`, `plan` and `probes`.
    pub fn to_json(&self) -> String {
        let plan: serde_json::Map<_, _> = self
            .plan
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
            .collect();
        let probes: Vec<_> = self.probes.iter().map(Probe::to_json).collect();
        serde_json::json!({
            "verdict": self.verdict.word(),
            "error": self.error,
            "plan": plan,
            "probes": probes,
        })
        .to_string()
    }
}

impl Probe {
    fn to_json(&self) -> serde_json::Value {
        let failure = self.failure.as_ref();
        serde_json::json!({
            "signal": self.signal,
            "target": self.target,
            "taken": failure.is_none(),
            "milliseconds": self.took.as_secs_f64() * 1e3,
            "remark": self.remark,
            "reason": failure.map(|failure| &failure.reason),
            "likely": failure.map(|failure| &failure.likely),
            "fix": failure.map(|failure| &failure.fix),
        })
    }
}

/// What `init` would do with these settings.
fn plan(settings: &Settings) -> Vec<(&'static str, String)> {
    let filters = &settings.filters;
    let mut plan = vec![("filter", directives(&filters.spans))];
    plan.push((
        "console",
        match settings.console.word() {
            "off" => "off".to_owned(),
            word => format!("{word} of {}", directives(&filters.console)),
        },
    ));
    let Some(tracing) = &settings.tracing else {
        plan.push(("telemetry", "off (`OTEL_SDK_DISABLED`)".to_owned()));
        return plan;
    };
    let service = tracing.resource.get(&"service.name".into());
    plan.push((
        "service",
        service.map(|name| name.to_string()).unwrap_or_default(),
    ));
    plan.push(("traces", destination(&tracing.traces)));
    plan.push(("metrics", metrics(&tracing.metrics)));
    plan.push((
        "logs",
        if tracing.logs.is_nothing() {
            destination(&tracing.logs)
        } else {
            let directives = directives(&filters.logs);
            format!("{directives}: {}", destination(&tracing.logs))
        },
    ));
    plan.push(("sampler", sampler(tracing)));
    let batch = &tracing.batch;
    plan.push((
        "batches",
        format!(
            "of {} spans, after {:?}, from a queue of {}",
            human::count(batch.batch_spans as u64),
            batch.delay,
            human::count(batch.queue_spans as u64)
        ),
    ));
    plan
}

/// What is set and has no effect.
fn note(settings: &Settings, misspelt: &[Error]) -> Option<(&'static str, String)> {
    let tracing = settings.tracing.as_ref();
    let missing = tracing.and_then(|tracing| tracing.missing);
    let notes: Vec<_> = missing
        .map(str::to_owned)
        .into_iter()
        .chain(misspelt.iter().map(Error::to_string))
        .collect();
    (!notes.is_empty()).then(|| ("note", notes.join("; ")))
}

fn metrics(metrics: &MetricSettings) -> String {
    let sent = destination(&metrics.exporters);
    match &metrics.page {
        Some(address) if metrics.exporters.is_nothing() => format!("served at {address}"),
        Some(address) => format!("{sent}, and served at {address}"),
        None => sent,
    }
}

fn directives(filter: &FilterText) -> String {
    match filter.directives.as_str() {
        "" => "info".to_owned(),
        directives => directives.to_owned(),
    }
}

fn destination(signal: &SignalSettings) -> String {
    let mut places = Vec::new();
    places.extend(signal.otlp.as_ref().map(described));
    if signal.console {
        places.push("stdout".to_owned());
    }
    if places.is_empty() {
        return "not exported".to_owned();
    }
    places.join(", and ")
}

fn described(target: &Target) -> String {
    let headers = match target.headers.as_slice() {
        [] => "no headers".to_owned(),
        headers => {
            let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
            format!("headers {} (values are not shown)", names.join(", "))
        }
    };
    format!(
        "{} to {}, {headers}, compression {}, {:?} a request",
        target.protocol,
        target.shown_url,
        target.compression.word(),
        target.timeout
    )
}

fn sampler(tracing: &TracingSettings) -> String {
    let share = format!("{} of the traces", tracing.sampler.ratio);
    if tracing.sampler.parent_based {
        format!("{share}, or as the parent says")
    } else {
        share
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.plan {
            writeln!(f, "{name:<8} {value}")?;
        }
        if let Some(error) = &self.error {
            return write!(f, "error    {error}");
        }
        if self.probes.is_empty() {
            return f.write_str(
                "\nnothing is sent: set `OTEL_EXPORTER_OTLP_ENDPOINT` to the address of a backend or collector",
            );
        }
        for probe in &self.probes {
            write!(f, "\n{probe}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (signal, took) = (self.signal, human::duration(self.took));
        match &self.failure {
            None => write!(f, "{signal:<8} taken in {took}")?,
            Some(failure) => write!(
                f,
                "{signal:<8} NOT TAKEN after {took}: {}\n  likely {}\n  fix    {}",
                failure.reason, failure.likely, failure.fix
            )?,
        }
        match &self.remark {
            Some(remark) => write!(f, "\n  remark {remark}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(variables: &[(&str, &str)]) -> Diagnosis {
        examine_in(
            &|name| {
                variables
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, value)| OsString::from(value))
            },
            variables.iter().map(|(name, _)| OsString::from(name)),
            Duration::from_secs(1),
        )
    }

    #[test]
    fn without_an_endpoint_nothing_is_sent() {
        let diagnosis = examined(&[]);
        assert_eq!(diagnosis.verdict, Verdict::NothingIsSent);
        assert!(diagnosis.to_string().contains("nothing is sent: set"));
    }

    #[test]
    fn wrong_settings_are_told_as_init_tells_them() {
        for (name, value) in [("OTEL_TRACES_SAMPLER", "some"), ("RUST_LOG", "a=loud")] {
            let diagnosis = examined(&[(name, value)]);
            assert_eq!(diagnosis.verdict, Verdict::WrongSettings);
            let text = diagnosis.to_string();
            assert!(text.contains(name) && text.contains(value), "{text}");
        }
    }

    #[test]
    fn variables_that_are_misspelt_are_told() {
        let diagnosis = examined(&[("OTEL_EXPORTER_OLTP_ENDPOINT", "http://localhost:4318")]);
        assert_eq!(diagnosis.verdict, Verdict::NothingIsSent);
        let text = diagnosis.to_string();
        assert!(
            text.contains("is `OTEL_EXPORTER_OTLP_ENDPOINT` meant?"),
            "{text}"
        );
        let diagnosis = examined(&[("TICKSPAN_FOREIGN_DATE", "none")]);
        assert_eq!(diagnosis.verdict, Verdict::WrongSettings);
    }

    #[test]
    fn json_is_one_object() {
        let json: serde_json::Value =
            serde_json::from_str(&examined(&[("OTEL_SERVICE_NAME", "a \"b\"")]).to_json()).unwrap();
        assert_eq!(json["verdict"], "nothing_is_sent");
        assert_eq!(json["plan"]["service"], "a \"b\"");
        assert!(json["probes"].as_array().unwrap().is_empty());
    }
}
