//! Spans and events of other libraries on the lane route, for [`crate::layer`].

use core::fmt;

use tracing_core::Metadata;

use super::wire::{Parts as _, flags, item, tag};
use super::{
    Bytes, Handed, LaneClock, Parent as LaneParent, Role, Start, Suspended, encode, keep, sites,
    thread,
};

/// How many callsites a thread keeps at hand; the others are looked up.
const MOST_KNOWN: usize = 64;

/// A span of another library: open from its start.
#[derive(Clone)]
pub(crate) struct Foreign(Suspended);

/// Whose child it is.
pub(crate) enum Parent {
    Current,
    Of(Option<Handed>),
}

/// Fields with their places among the callsite's, as bytes.
pub(crate) struct Fields {
    out: Bytes,
    /// What comes before the place of each field.
    head: Option<u8>,
    count: u8,
}

impl Fields {
    fn head(&mut self, place: usize) {
        if let Some(head) = self.head {
            self.out.put([head]);
        }
        // `tracing` allows a callsite 32 fields.
        self.out.put([u8::try_from(place).unwrap_or(u8::MAX)]);
        self.count = self.count.saturating_add(1);
    }

    pub(crate) fn bool(&mut self, place: usize, value: bool) {
        self.head(place);
        self.out.put([if value { tag::TRUE } else { tag::FALSE }]);
    }

    pub(crate) fn i64(&mut self, place: usize, value: i64) {
        self.head(place);
        self.out.put_behind(tag::I64, value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, place: usize, value: u64) {
        self.head(place);
        self.out.put_behind(tag::U64, value.to_le_bytes());
    }

    pub(crate) fn f64(&mut self, place: usize, value: f64) {
        self.head(place);
        self.out.put_behind(tag::F64, value.to_le_bytes());
    }

    pub(crate) fn text(&mut self, place: usize, value: &str) {
        self.head(place);
        encode::text(&mut self.out, value);
    }

    pub(crate) fn display(&mut self, place: usize, value: &dyn fmt::Display) {
        self.head(place);
        encode::display(&mut self.out, value);
    }
}

/// Has `record` write fields while nothing is borrowed: formatting them may come back here.
fn written(head: Option<u8>, record: impl FnOnce(&mut Fields)) -> Fields {
    let mut out = thread::with(|thread| core::mem::take(&mut thread.written)).unwrap_or_default();
    out.truncate(0);
    let mut fields = Fields {
        out,
        head,
        count: 0,
    };
    record(&mut fields);
    fields
}

fn number(metadata: &'static Metadata<'static>) -> u32 {
    let callsite = metadata.callsite();
    let known = thread::with(|thread| {
        let (_, number) = thread
            .foreign
            .iter()
            .find(|(known, _)| *known == callsite)?;
        Some(*number)
    });
    known.flatten().unwrap_or_else(|| {
        let number = sites::foreign(metadata);
        thread::with(|thread| {
            thread.foreign.truncate(MOST_KNOWN - 1);
            thread.foreign.insert(0, (callsite, number));
        });
        number
    })
}

/// Starts a span; nothing where it is not recorded.
pub(crate) fn start(
    metadata: &'static Metadata<'static>,
    parent: Parent,
    record: impl FnOnce(&mut Fields),
) -> Option<Foreign> {
    let site = number(metadata);
    let fields = written(Some(item::FIELD), record);
    let parent = match parent {
        Parent::Current => LaneParent::Current,
        Parent::Of(None) => LaneParent::Root,
        Parent::Of(Some(handed)) => LaneParent::Of(handed),
    };
    let started =
        thread::with(
            |thread| match thread.start(site, 0, &parent, &[], Some(&fields.out)) {
                Start::At(token) => thread.suspend(token),
                _ => None,
            },
        )
        .flatten();
    keep(fields.out);
    Some(Foreign(Suspended {
        role: Role::Foreign,
        ..started?
    }))
}

/// Appends an event to a span, or else to the innermost.
pub(crate) fn event(
    metadata: &'static Metadata<'static>,
    span: Option<&Foreign>,
    record: impl FnOnce(&mut Fields),
) {
    if span.is_none()
        && thread::with(|thread| thread.innermost())
            .flatten()
            .is_none()
    {
        return;
    }
    let site = number(metadata);
    let fields = written(None, record);
    let write = |out: &mut Bytes, clock: &LaneClock| {
        out.put([item::FOREIGN_EVENT]);
        out.put(site.to_le_bytes());
        out.put(clock.raw().to_le_bytes());
        out.put([fields.count]);
        out.extend(&fields.out);
        Ok::<(), encode::RunsCode>(())
    };
    match span {
        Some(span) => span.append(write),
        None => {
            thread::with(|thread| {
                thread
                    .innermost()
                    .map(|place| thread.append(place, flags::SAMPLED, write).is_ok())
            });
        }
    }
    keep(fields.out);
}

impl Foreign {
    /// As it is handed on.
    pub(crate) fn handed(&self) -> Handed {
        Handed {
            ids: super::ids(&self.0.head, Role::Foreign),
            carried: self.0.carried.clone(),
        }
    }

    /// Makes the span current on this thread.
    pub(crate) fn enter(&self) {
        thread::with(|thread| _ = thread.place(self.0.clone()));
    }

    /// Takes the innermost entry of the span back.
    pub(crate) fn exit(&self) {
        thread::with(|thread| {
            let place = (0..thread.frames.len()).rev().find(|place| {
                thread.head(*place).is_some_and(|(head, role)| {
                    role == Role::Foreign && head.span() == self.0.head.span()
                })
            });
            if let Some(place) = place {
                thread.finish(u32::try_from(place + 1).unwrap_or(0));
            }
        });
    }

    /// Ends the span.
    pub(crate) fn close(&self) {
        let open = Suspended {
            role: Role::Opened,
            ..self.0.clone()
        };
        thread::with(|thread| thread.close(open));
    }

    /// Appends attributes.
    pub(crate) fn record(&self, record: impl FnOnce(&mut Fields)) {
        let fields = written(Some(item::FIELD), record);
        self.append(|out, _| {
            out.extend(&fields.out);
            Ok(())
        });
        keep(fields.out);
    }

    /// Links the span to another.
    pub(crate) fn link(&self, to: &Handed) {
        self.append(|out, _| {
            super::write_link(out, to);
            Ok(())
        });
    }

    /// Appends to the span, wherever it is current: in a record of its own.
    fn append(&self, write: impl FnOnce(&mut Bytes, &LaneClock) -> Result<(), encode::RunsCode>) {
        thread::with(|thread| {
            if let Ok(token) = thread.place(self.0.clone()) {
                _ = thread.append(token as usize - 1, flags::SAMPLED, write);
                thread.finish(token);
            }
        });
    }
}
