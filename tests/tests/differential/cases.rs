//! Programs on which the routes once differed, and what no program gets to.

use opentelemetry_sdk::trace::SpanData;
use tickspan::{Context, Empty, event, record, stage, traced_stage};
use tracing::info_span;

use crate::routes;
use crate::run::remote;
use crate::spans::difference;

#[track_caller]
fn assert_same(f: impl Fn()) {
    let difference = difference(f);
    assert!(difference.is_empty(), "{difference}");
}

/// The one span of either route.
fn each_route(f: impl Fn()) -> [SpanData; 2] {
    [routes::lane(&f), routes::oracle(&f)].map(|spans| {
        let [span] = <[SpanData; 1]>::try_from(spans).expect("one span");
        span
    })
}

#[traced_stage]
fn step(seq: i64, body: impl FnOnce()) {
    let _ = seq;
    body();
}

#[traced_stage(follows_from = [cause])]
fn caused(seq: i64, cause: &Context) {
    let _ = seq;
}

#[test]
fn empty_context_is_no_link() {
    assert_same(|| caused(0, &Context::default()));
    assert_same(|| caused(0, &Context::current()));
}

#[test]
fn link_to_another_process_says_so() {
    assert_same(|| caused(0, &Context::from_span_context(&remote(0))));
    for span in each_route(|| caused(0, &Context::from_span_context(&remote(0)))) {
        assert_eq!(span.links.iter().next().unwrap().span_context, remote(0));
    }
}

#[test]
fn stage_that_runs_in_a_remote_context_is_its_child() {
    let run = || Context::from_span_context(&remote(0)).run(|| step(0, || ()));
    assert_same(run);
    for span in each_route(run) {
        assert_eq!(span.parent_span_id, remote(0).span_id());
        assert!(span.parent_span_is_remote);
    }
}

#[test]
fn stage_that_is_attached_to_a_remote_context_is_its_child() {
    #[traced_stage]
    async fn serve(seq: i64) {
        let _ = seq;
    }

    assert_same(|| {
        let served = Context::from_span_context(&remote(0)).attach(serve(0));
        step(1, || futures::executor::block_on(served));
    });
}

/// What a stage of a trace from elsewhere hands on is the stage, whether or not another test captures meanwhile.
#[test]
fn context_of_a_stage_in_a_remote_context_is_that_stage() {
    #[traced_stage(parent = context)]
    fn under(seq: i64, context: &Context) {
        let _ = (seq, context);
    }

    let run = || {
        Context::from_span_context(&remote(0)).run(|| {
            step(0, || under(1, &Context::current()));
        });
    };
    assert_same(run);
    let parents_are_local = |spans: Vec<SpanData>| {
        let inner = spans.iter().find(|span| span.name == "under").unwrap();
        let outer = spans.iter().find(|span| span.name == "step").unwrap();
        assert_eq!(inner.parent_span_id, outer.span_context.span_id());
        assert!(!inner.parent_span_is_remote && outer.parent_span_is_remote);
    };
    parents_are_local(routes::lane(run));
    let ((), _) = tickspan::testing::capture(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| parents_are_local(routes::oracle(run)));
        });
    });
}

#[test]
fn remote_context_is_current_where_it_runs() {
    assert_same(|| {
        Context::from_span_context(&remote(0)).run(|| {
            let kept = Context::current();
            step(0, || kept.run(|| step(1, || ())));
        });
    });
}

#[test]
fn trace_state_goes_with_the_trace() {
    #[traced_stage(parent = &context)]
    async fn under(seq: i64, context: Context) {
        let _ = (seq, &context);
        step(2, || ());
        caused(3, &context);
    }

    let run = || {
        let remote = Context::from_span_context(&remote(0));
        futures::executor::block_on(under(0, remote.clone()));
        remote.run(|| info_span!("request", seq = 4).in_scope(|| step(5, || ())));
        step(6, || ());
    };
    assert_same(run);
    for spans in [routes::lane(run), routes::oracle(run)] {
        assert_eq!(spans.len(), 6);
        for span in spans {
            let state = span.span_context.trace_state().header();
            let is_own = span.parent_span_id == opentelemetry::SpanId::INVALID;
            let expected = if is_own {
                ""
            } else {
                "congo=t61rcWkgMzE,rojo=00f0"
            };
            assert_eq!(state, expected, "{}", span.name);
        }
    }
}

#[test]
fn random_trace_id_is_said_of_traces_from_elsewhere_and_of_those_that_start_on_the_lane_route() {
    let flags = |spans: Vec<SpanData>| spans[0].span_context.trace_flags().to_u8();
    let below = || Context::from_span_context(&remote(1)).run(|| step(0, || ()));
    assert_eq!(
        [routes::lane(below), routes::oracle(below)].map(flags),
        [3, 3]
    );
    let root = || step(0, || ());
    assert_eq!(
        [routes::lane(root), routes::oracle(root)].map(flags),
        [3, 1]
    );
}

#[test]
fn context_from_outside_of_any_stage_changes_nothing_where_it_runs() {
    assert_same(|| {
        let outside = Context::current();
        step(0, || outside.run(|| step(1, || ())));
    });
}

#[test]
fn late_attribute_passes_a_span_that_was_left_before_one_within() {
    assert_same(|| {
        let _stage = stage!("match_levels", seq = 0, filled = Empty);
        let outer = info_span!("outer", seq = 1).entered();
        let inner = info_span!("inner", seq = 2).entered();
        drop(outer);
        record!(filled = 100);
        drop(inner);
    });
}

#[test]
fn span_that_is_entered_again_is_left_where_it_was_entered_last() {
    assert_same(|| {
        let span = info_span!("request", seq = 0);
        span.in_scope(|| {
            let _stage = stage!("inner", seq = 1);
            span.in_scope(|| step(2, || ()));
            event!("read");
        });
    });
}

#[test]
fn panic_is_told_once() {
    let [lane, _] = each_route(|| {
        _ = std::panic::catch_unwind(|| step(0, || std::panic::resume_unwind(Box::new(()))));
    });
    let types = lane
        .attributes
        .iter()
        .filter(|it| it.key.as_str() == "error.type");
    assert_eq!(types.count(), 1);
}

#[test]
fn status_of_a_tracing_span_only_rises() {
    for [first, second] in [["ok", "error"], ["error", "ok"], ["error", "unset"]] {
        assert_same(|| {
            let span = info_span!("request", seq = 0, otel.status_code = Empty);
            let _entered = span.enter();
            span.record("otel.status_code", first);
            span.record("otel.status_code", second);
            tracing::error!("failed");
        });
    }
}

#[test]
fn special_key_with_a_number_is_an_attribute() {
    assert_same(|| _ = info_span!("request", seq = 0, otel.name = 7, otel.kind = true));
}

#[test]
fn events_beyond_the_limit_are_dropped_alike() {
    assert_same(|| {
        step(0, || {
            for number in 0..200 {
                event!("tick", number);
            }
        });
    });
}

#[test]
fn stages_deep_in_each_other_keep_their_parents() {
    fn nest(depth: i64) {
        let _stage = stage!("level", seq = depth);
        if depth < 100 {
            nest(depth + 1);
        }
        record!(seq = depth);
    }
    assert_same(|| nest(0));
}
