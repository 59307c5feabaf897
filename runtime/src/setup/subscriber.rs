//! The `tracing` subscriber: the filters, log lines on stderr, spans to OpenTelemetry.
//!
//! Making it has no effect; installing it is the last step of `init` that can fail.

use std::io::{self, IsTerminal};

#[cfg(feature = "logs")]
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_log::{AsLog as _, LogTracer};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Directive, EnvFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use super::Error;
use super::guard::Running;
use super::settings::{FilterText, FilterTexts, Settings};
use crate::console::{Console, ConsoleLayer};
#[cfg(feature = "logs")]
use crate::export::Export;
use crate::outputs::{Filters, Gate, Output};
use crate::policy::policed;

/// What turns spans of the `tracing` crate into exported ones.
pub(super) enum SeenBy {
    Nobody,
    Lanes,
    Tracer(SdkTracer),
}

/// Makes the filter; without directives it lets `info` and above through.
///
/// # Errors
///
/// [`Error::Filter`] with the first directive that is not understood.
pub(super) fn filter(text: &FilterText) -> Result<EnvFilter, Error> {
    EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(&text.directives)
        .map_err(|source| {
            // The error does not say which directive it is about; directives are separated like
            // this.
            let guilty = text
                .directives
                .split(',')
                .find(|d| !d.is_empty() && d.parse::<Directive>().is_err());
            Error::Filter {
                setting: text.setting,
                directive: guilty.unwrap_or(&text.directives).to_owned(),
                source: source.into(),
            }
        })
}

/// Makes the filters of all outputs; one that is off, or has the same directives as spans, needs none of its own.
///
/// # Errors
///
/// As [`filter`].
pub(super) fn gate(settings: &Settings, has_logs: bool) -> Result<Gate, Error> {
    let FilterTexts {
        spans,
        console,
        logs,
    } = &settings.filters;
    let own = |text: &FilterText, is_on: bool| {
        // Each is checked, whether it is needed or not.
        let made = filter(text)?;
        Ok((is_on && text.directives != spans.directives).then_some(made))
    };
    Ok(Gate::new(Filters {
        spans: filter(spans)?,
        console: own(console, settings.console != Console::off())?,
        logs: own(logs, has_logs)?,
    }))
}

/// Makes the subscriber out of `gate` and installs it for the whole process, with the bridge to it from the `log` crate.
///
/// # Errors
///
/// [`Error::SubscriberInstalled`]; then nothing has changed.
pub(super) fn install(gate: &Gate, settings: &Settings, running: &Running) -> Result<(), Error> {
    let (tracer, lanes) = match running.layer() {
        SeenBy::Nobody => (None, None),
        SeenBy::Lanes => (None, Some(crate::layer())),
        SeenBy::Tracer(tracer) => (Some(tracer), None),
    };
    let names_functions = tracer.is_some() && settings.location;
    let console = console_layer(settings, gate, lanes.is_some());
    let is_wanted = tracer.is_some() || lanes.is_some() || console.is_some() || has_logs(running);
    let of_spans = gate.share(Output::Spans);
    let subscriber = tracing_subscriber::registry()
        // Without an output no stage and no event is made.
        .with((!is_wanted).then_some(LevelFilter::OFF))
        .with(is_wanted.then(|| gate.clone()))
        .with(lanes.map(|lanes| lanes.with_share(of_spans.clone())))
        .with(tracer.map(|tracer| {
            policed(opentelemetry_layer(tracer, settings.location))
                .marking_trades()
                .with_share(of_spans)
        }))
        .with(console.map(|console| policed(console).with_share(gate.share(Output::Console))));
    #[cfg(feature = "logs")]
    let subscriber = subscriber.with(
        running
            .export
            .as_ref()
            .and_then(Export::logger_provider)
            .map(|provider| {
                crate::log_records(OpenTelemetryTracingBridge::new(provider))
                    .with_share(gate.share(Output::Logs))
            }),
    );
    tracing::subscriber::set_global_default(subscriber).map_err(|source| {
        Error::SubscriberInstalled {
            source: source.into(),
        }
    })?;
    // A program that has set a logger of its own has decided where records go.
    let _ = LogTracer::builder()
        .with_max_level(LevelFilter::current().as_log())
        .init();
    if names_functions {
        crate::record::observe_new_spans(name_function);
    }
    Ok(())
}

#[cfg(feature = "logs")]
fn has_logs(running: &Running) -> bool {
    let export = running.export.as_ref();
    export.is_some_and(|export| export.logger_provider().is_some())
}

#[cfg(not(feature = "logs"))]
fn has_logs(_: &Running) -> bool {
    false
}

/// Adds the path of the annotated function, which `tracing` metadata has no place for.
fn name_function(span: &tracing::Span, function: &'static str) {
    span.set_attribute("code.function.name", function);
}

fn opentelemetry_layer<S>(tracer: SdkTracer, location: bool) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        // The next four would copy the text of an error, which nobody has declared public, into the
        // span.
        .with_error_fields_to_exceptions(false)
        .with_error_events_to_status(false)
        .with_error_events_to_exceptions(false)
        .with_error_records_to_exceptions(false)
        .with_location(location)
        .with_threads(location)
        .with_tracked_inactivity(false)
        .with_level(false)
        .with_target(false)
}

/// Whether lines on stderr are coloured.
pub(super) fn is_coloured(no_color: bool) -> bool {
    !no_color && io::stderr().is_terminal()
}

fn console_layer(settings: &Settings, gate: &Gate, on_lanes: bool) -> Option<ConsoleLayer> {
    let format = settings.console.format?;
    Some(ConsoleLayer {
        format,
        coloured: is_coloured(settings.no_color),
        // The collector tells of those that are records.
        operations: settings.console.operations && !on_lanes,
        share: gate.share(Output::Console),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(directives: &str) -> Result<EnvFilter, Error> {
        filter(&FilterText {
            setting: "RUST_LOG",
            directives: directives.to_owned(),
        })
    }

    #[test]
    fn without_directives_the_level_is_info() {
        assert_eq!(parse("").unwrap().max_level_hint(), Some(LevelFilter::INFO));
        assert_eq!(
            parse("warn").unwrap().max_level_hint(),
            Some(LevelFilter::WARN)
        );
    }

    #[test]
    fn wrong_directive_is_named() {
        let error = parse("info,feed=loud,book=debug").unwrap_err();
        assert!(
            error.to_string().contains("`RUST_LOG`") && error.to_string().contains("`feed=loud`"),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}
