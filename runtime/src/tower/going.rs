//! The stage of a request that goes on: from the future of its response to the end of the body.

use core::panic::AssertUnwindSafe;
use std::borrow::Cow;

use http::StatusCode;

use super::span::record_status;
use crate::Context;
use crate::privacy::Value;
use crate::record::outcome::Outcome;
use crate::record::{Polling, StageGuard, State, cancel};

/// The stage of a request.
pub(super) struct Going {
    state: AssertUnwindSafe<State>,
    /// Where nobody wants the stage, or it has no ids that could be handed on: what is current in it.
    inside: Option<Context>,
    /// Whether it has been said how the request ended.
    told: bool,
    answer: Answer,
}

/// What the response said, which is recorded when the stage ends: before, it would need a record of its own.
#[derive(Clone, Copy, Default)]
struct Answer {
    status: Option<StatusCode>,
    /// The code of gRPC.
    code: Option<&'static str>,
}

impl Answer {
    fn record(self) {
        if let Some(status) = self.status {
            record_status(status, self.code);
        }
    }
}

/// Records an answer where what runs meanwhile unwinds.
struct WhereItUnwinds(Answer);

impl Drop for WhereItUnwinds {
    fn drop(&mut self) {
        self.0.record();
    }
}

impl Going {
    /// A stage that has begun, and what is to be current in it where it has no ids.
    pub(super) fn new(begun: Option<StageGuard>, caller: Option<Context>) -> Self {
        let (state, inside) = match begun {
            Some(begun) => {
                let inside = caller
                    .filter(|caller| caller.handed().is_some() && !crate::context::stage_has_ids());
                (State::Open(begun.suspend()), inside)
            }
            None => (State::Off, caller),
        };
        Self {
            state: AssertUnwindSafe(state),
            inside,
            told: false,
            answer: Answer::default(),
        }
    }

    /// Runs a part of the request, and `say` on what it gave. It goes on, unless `say` tells that it is over.
    pub(super) fn run<R>(
        &mut self,
        part: impl FnOnce() -> R,
        say: impl FnOnce(&R, Telling<'_>) -> Next,
    ) -> R {
        let mut polling = Polling::start(&mut self.state);
        let unwinds = polling
            .stage()
            .is_some()
            .then(|| WhereItUnwinds(self.answer));
        let given = match &self.inside {
            Some(context) => context.run(part),
            None => part(),
        };
        core::mem::forget(unwinds);
        let next = match polling.stage() {
            None => Next::GoOn,
            Some(stage) => say(
                &given,
                Telling {
                    stage,
                    told: &mut self.told,
                    answer: &mut self.answer,
                },
            ),
        };
        match next {
            Next::GoOn => drop(polling),
            Next::Over => {
                if polling.stage().is_some() {
                    self.answer.record();
                }
                polling.over();
            }
        }
        given
    }

    /// Ends the stage of a request that is given up; `release` drops what is left of it within the stage.
    pub(super) fn give_up(&mut self, release: impl FnOnce()) {
        if self.told {
            self.end(release);
        } else {
            cancel(&mut self.state, || {
                self.answer.record();
                release();
            });
        }
    }

    /// Ends the stage of a request that is done.
    pub(super) fn end(&mut self, release: impl FnOnce()) {
        self.run(release, |(), _| Next::Over);
    }

    /// The stage, to go on elsewhere.
    pub(super) fn take(&mut self) -> Self {
        Self {
            state: AssertUnwindSafe(core::mem::replace(&mut self.state, State::Off)),
            inside: self.inside.take(),
            told: self.told,
            answer: self.answer,
        }
    }
}

/// What follows a part of a request.
pub(super) enum Next {
    GoOn,
    Over,
}

/// Says how a request ended.
pub(super) struct Telling<'a> {
    stage: &'a mut StageGuard,
    told: &'a mut bool,
    answer: &'a mut Answer,
}

impl Telling<'_> {
    /// There is a response, with this status.
    pub(super) fn status(&mut self, status: StatusCode) {
        self.answer.status = Some(status);
    }

    /// A call of gRPC ended with this code.
    pub(super) fn code(&mut self, code: &'static str) {
        self.answer.code = Some(code);
    }

    /// It failed. What is said first counts.
    pub(super) fn failed(&mut self, error_type: impl Into<Cow<'static, str>>) {
        if !core::mem::replace(self.told, true) {
            let error_type = error_type.into();
            self.stage.end(&Outcome::Error(Value::text(&error_type)));
        }
    }
}
