//! Programs to run over both routes: what stages, events, contexts, futures and spans of other libraries do in which
//! order.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::values::{Field, fields, float, text};

/// Places for what is kept from one operation to another.
pub(crate) const SLOTS: usize = 2;

/// Spans of other processes that are known.
pub(crate) const REMOTES: u8 = 3;

/// What happens on one thread, one after the other.
pub(crate) type Ops = Vec<Op>;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// A call of an annotated function.
    Call(Site, Vec<Field>, Ops),
    /// A `stage!` around a block.
    Block(Vec<Field>, Ops),
    /// A `stage!` whose guard is kept.
    Open(Vec<Field>),
    /// The end of a guard that was kept, in any order.
    Close(usize),
    Event(Tone, Vec<Field>),
    Record(Vec<Field>),
    /// Keeps the current context.
    Keep(usize),
    /// Runs a stage in a context.
    Run(Origin, Vec<Field>, Ops),
    /// Runs on a thread of its own, in a context.
    Thread(usize, Ops),
    Panic,
    /// Catches what unwinds.
    Catch(Ops),
    /// A `tracing` span that is kept, and entered for what is in it.
    Enter(usize, Foreign, Ops),
    /// A `tracing` span that stays entered until it is closed.
    OpenForeign(Foreign),
    /// Enters a kept span again, for one stage.
    Reenter(usize, Vec<Field>, Ops),
    ForeignEvent(Tone, Below, ForeignFields),
    ForeignRecord(usize, Late),
    /// `follows_from` of one kept span to another: to itself, `tracing-opentelemetry` waits forever.
    ForeignFollows(usize, usize),
    /// Futures that are alive at a time, and whose turn it is. Those that are left are dropped, or else polled to
    /// their end.
    Tasks(Vec<Task>, Vec<Turn>, bool),
}

/// An annotated function.
#[derive(Clone, Debug)]
pub(crate) enum Site {
    Plain,
    Kind(Kind),
    Ret,
    Fallible(Option<Fault>),
    Err(Option<Fault>),
    Mapped(Option<Fault>),
    Root,
    Parent(Origin),
    SpanParent(usize),
    Follows(Vec<Origin>),
    SpanFollows(Vec<usize>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Client,
    Server,
    Producer,
    Consumer,
}

#[derive(tickspan::AttributeValue, Clone, Copy, Debug)]
pub(crate) enum Fault {
    TooLarge,
    Expected,
}

/// Where a context comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// It was kept. If none was, it is the current one.
    Kept(usize),
    Remote(u8),
    Empty,
}

/// The level of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// A future.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) made: Made,
    pub(crate) values: Vec<Field>,
    pub(crate) steps: Vec<Step>,
}

/// How a future came to be.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    /// Without a stage.
    Bare,
    Async,
    AsyncErr(Option<Fault>),
    AsyncRoot,
    AsyncParent(Origin),
    AsyncFollows(Vec<Origin>),
    /// By a function that returns `impl Future`.
    Returned,
    /// By a function that returns a boxed future.
    Boxed,
    /// `stage!(.., async {})`.
    Block(Option<Fault>),
    /// With a context attached, around a stage.
    Attached(Origin),
    /// With a span of another library around it.
    Instrumented(Box<Foreign>),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Do(Op),
    Yield,
    Await(Task),
    /// A stream is read, until it ends or so many items have come.
    Read(Vec<Field>, Vec<Ops>, usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    Poll(usize),
    /// On another thread, in the current context.
    PollElsewhere(usize),
    Drop(usize),
}

/// A span of another library.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    pub(crate) below: Below,
    pub(crate) debug: bool,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) status: Option<&'static str>,
    pub(crate) fields: ForeignFields,
}

/// Whose child it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Below {
    Current,
    Nothing,
    Kept(usize),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ForeignFields {
    pub(crate) flag: Option<bool>,
    pub(crate) signed: Option<i64>,
    pub(crate) natural: Option<u64>,
    pub(crate) wide: Option<i128>,
    pub(crate) float: Option<f64>,
    pub(crate) text: Option<String>,
    pub(crate) shown: Option<String>,
    pub(crate) debugged: Option<String>,
}

/// What is recorded on a span of another library after its start.
#[derive(Clone, Debug)]
pub(crate) enum Late {
    Signed(i64),
    Text(String),
    Status(&'static str),
    Description(String),
}

/// Any program.
pub(crate) fn program() -> impl Strategy<Value = Ops> {
    vec(op(), 1..8)
}

fn op() -> impl Strategy<Value = Op> {
    leaf().prop_recursive(5, 64, 5, |inner| {
        let ops = vec(inner.clone(), 0..6).boxed();
        prop_oneof![
            6 => (site(), fields(), ops.clone()).prop_map(|(site, values, ops)| Op::Call(site, values, ops)),
            2 => (fields(), ops.clone()).prop_map(|(values, ops)| Op::Block(values, ops)),
            2 => (origin(), fields(), ops.clone()).prop_map(|(origin, values, ops)| Op::Run(origin, values, ops)),
            1 => (slot(), ops.clone()).prop_map(|(context, ops)| Op::Thread(context, ops)),
            2 => ops.clone().prop_map(Op::Catch),
            3 => (slot(), foreign(), ops.clone()).prop_map(|(slot, span, ops)| Op::Enter(slot, span, ops)),
            1 => (slot(), fields(), ops).prop_map(|(slot, values, ops)| Op::Reenter(slot, values, ops)),
            4 => (vec(task(inner), 1..4), vec(turn(), 0..8), any::<bool>())
                .prop_map(|(tasks, turns, finish)| Op::Tasks(tasks, turns, finish)),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (tone(), fields()).prop_map(|(tone, values)| Op::Event(tone, values)),
        4 => fields().prop_map(Op::Record),
        3 => slot().prop_map(Op::Keep),
        3 => fields().prop_map(Op::Open),
        3 => (0..4_usize).prop_map(Op::Close),
        1 => Just(Op::Panic),
        1 => foreign().prop_map(Op::OpenForeign),
        2 => (tone(), below(), foreign_fields())
            .prop_map(|(tone, below, fields)| Op::ForeignEvent(tone, below, fields)),
        2 => (slot(), late()).prop_map(|(slot, late)| Op::ForeignRecord(slot, late)),
        1 => (slot(), 1..SLOTS)
            .prop_map(|(from, further)| Op::ForeignFollows(from, (from + further) % SLOTS)),
    ]
}

fn slot() -> impl Strategy<Value = usize> {
    0..SLOTS
}

fn tone() -> impl Strategy<Value = Tone> {
    select(vec![
        Tone::Info,
        Tone::Trace,
        Tone::Debug,
        Tone::Warn,
        Tone::Error,
    ])
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    option::of(select(vec![Fault::TooLarge, Fault::Expected]))
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        3 => slot().prop_map(Origin::Kept),
        1 => (0..REMOTES).prop_map(Origin::Remote),
        1 => Just(Origin::Empty),
    ]
}

fn site() -> impl Strategy<Value = Site> {
    prop_oneof![
        3 => Just(Site::Plain),
        1 => select(vec![Kind::Client, Kind::Server, Kind::Producer, Kind::Consumer]).prop_map(Site::Kind),
        1 => Just(Site::Ret),
        1 => fault().prop_map(Site::Fallible),
        1 => fault().prop_map(Site::Err),
        1 => fault().prop_map(Site::Mapped),
        1 => Just(Site::Root),
        2 => origin().prop_map(Site::Parent),
        1 => slot().prop_map(Site::SpanParent),
        2 => vec(origin(), 0..3).prop_map(Site::Follows),
        1 => vec(slot(), 0..3).prop_map(Site::SpanFollows),
    ]
}

fn made() -> impl Strategy<Value = Made> {
    prop_oneof![
        3 => Just(Made::Async),
        1 => Just(Made::Bare),
        1 => fault().prop_map(Made::AsyncErr),
        1 => Just(Made::AsyncRoot),
        1 => origin().prop_map(Made::AsyncParent),
        1 => vec(origin(), 0..3).prop_map(Made::AsyncFollows),
        1 => Just(Made::Returned),
        1 => Just(Made::Boxed),
        1 => fault().prop_map(Made::Block),
        1 => origin().prop_map(Made::Attached),
        1 => foreign().prop_map(|span| Made::Instrumented(Box::new(span))),
    ]
}

fn task(op: BoxedStrategy<Op>) -> impl Strategy<Value = Task> {
    let step = step(op.clone());
    let inner = (made(), fields(), vec(step.clone(), 0..3)).prop_map(Task::of);
    let read = (fields(), vec(vec(op, 0..2), 0..4), 0..4_usize)
        .prop_map(|(values, items, most)| Step::Read(values, items, most));
    let any_step = prop_oneof![
        6 => step,
        1 => inner.prop_map(Step::Await),
        1 => read,
    ];
    (made(), fields(), vec(any_step, 0..5)).prop_map(Task::of)
}

fn step(op: BoxedStrategy<Op>) -> BoxedStrategy<Step> {
    prop_oneof![op.prop_map(Step::Do), Just(Step::Yield)].boxed()
}

impl Task {
    fn of((made, values, steps): (Made, Vec<Field>, Vec<Step>)) -> Self {
        Self {
            made,
            values,
            steps,
        }
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => (0..3_usize).prop_map(Turn::Poll),
        2 => (0..3_usize).prop_map(Turn::PollElsewhere),
        1 => (0..3_usize).prop_map(Turn::Drop),
    ]
}

fn below() -> impl Strategy<Value = Below> {
    prop_oneof![
        4 => Just(Below::Current),
        1 => Just(Below::Nothing),
        1 => slot().prop_map(Below::Kept),
    ]
}

fn foreign() -> impl Strategy<Value = Foreign> {
    (
        below(),
        any::<bool>(),
        option::weighted(0.2, text()),
        option::weighted(0.2, select(vec!["client", "SERVER", "internal", "none"])),
        option::weighted(0.2, status()),
        foreign_fields(),
    )
        .prop_map(|(below, debug, name, kind, status, fields)| Foreign {
            below,
            debug,
            name,
            kind,
            status,
            fields,
        })
}

fn status() -> impl Strategy<Value = &'static str> {
    select(vec!["ok", "ERROR", "unset", "none"])
}

fn foreign_fields() -> impl Strategy<Value = ForeignFields> {
    fn rarely<T: Strategy>(value: T) -> impl Strategy<Value = Option<T::Value>>
    where
        T::Value: Clone,
    {
        option::weighted(0.2, value)
    }
    (
        rarely(any::<bool>()),
        rarely(any::<i64>()),
        rarely(any::<u64>()),
        rarely(any::<i128>()),
        rarely(float()),
        rarely(text()),
        rarely(text()),
        rarely(text()),
    )
        .prop_map(
            |(flag, signed, natural, wide, float, text, shown, debugged)| ForeignFields {
                flag,
                signed,
                natural,
                wide,
                float,
                text,
                shown,
                debugged,
            },
        )
}

fn late() -> impl Strategy<Value = Late> {
    prop_oneof![
        any::<i64>().prop_map(Late::Signed),
        text().prop_map(Late::Text),
        status().prop_map(Late::Status),
        text().prop_map(Late::Description),
    ]
}
