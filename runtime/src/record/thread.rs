//! The stages that are current on a thread, innermost last.

use core::cell::RefCell;
use core::mem::ManuallyDrop;

#[cfg(feature = "init")]
use super::lane::{Beside, Bytes, LaneFrame, LaneThread};
use super::tracing_route::Entered;
#[cfg(feature = "init")]
use tracing_core::callsite::Identifier;

/// A place on the stack.
#[derive(Clone, Copy)]
pub(super) enum Frame {
    /// A span of the `tracing` crate.
    Tracing,
    /// Late attributes from above do not pass: they belong to no stage.
    Boundary,
    #[cfg(feature = "init")]
    Lane(LaneFrame),
    /// One that has ended before those above it, and where its record begins in the scratch.
    #[cfg(feature = "init")]
    Ended(u32),
    /// One that has ended before those above it, and has nothing in the scratch.
    Gone,
}

/// What a thread knows of its stages.
pub(super) struct Thread {
    /// A stage is known by its place and one, its token. Places are not used again while there are others
    /// above.
    pub(super) frames: Vec<Frame>,
    /// How many of them have ended before those above them.
    pub(super) ended: u32,
    /// The spans of the `tracing` crate among them, by their tokens; without one that is told something.
    pub(super) entered: Vec<(u32, Entered)>,
    /// The stage that the body being polled for the first time has begun, or 0.
    pub(super) begun: u32,
    /// How many ask that nothing be recorded on this thread.
    #[cfg(feature = "init")]
    pub(super) quiet: u32,
    #[cfg(feature = "init")]
    pub(super) lane: LaneThread,
    /// What some stages on the lane route have besides their record, by their tokens.
    #[cfg(feature = "init")]
    pub(super) beside: Vec<(u32, Beside)>,
    /// For values that are written while the stack is not borrowed.
    #[cfg(feature = "init")]
    pub(super) written: Bytes,
    /// The numbers of other libraries' callsites that this thread has met.
    #[cfg(feature = "init")]
    pub(super) foreign: Vec<(Identifier, u32)>,
}

thread_local! {
    // Without a destructor: whether that has run need not be asked then.
    static THREAD: RefCell<ManuallyDrop<Thread>> =
        const { RefCell::new(ManuallyDrop::new(Thread::NEW)) };
    static END: End = const { End };
}

/// Drops what a thread knows of its stages when it ends.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        drop(with_usual(|thread| core::mem::replace(thread, Thread::NEW)));
    }
}

/// Runs `f`, which may call nobody else's code, on what this thread knows. Nothing where it is at work already, or
/// where the thread's storage has been destroyed.
#[inline]
pub(super) fn with<R>(f: impl FnOnce(&mut Thread) -> R) -> Option<R> {
    END.try_with(|_| ()).ok()?;
    with_usual(f)
}

/// The same for `f` that adds nothing which has to be dropped, unless there is a lane: where the storage has been destroyed it
/// finds a thread that knows of no stage.
#[inline]
pub(super) fn with_usual<R>(f: impl FnOnce(&mut Thread) -> R) -> Option<R> {
    THREAD
        .try_with(|thread| {
            thread
                .try_borrow_mut()
                .ok()
                .map(|mut thread| f(&mut thread))
        })
        .ok()
        .flatten()
}

impl Thread {
    /// What a thread knows that has begun no stage.
    const NEW: Self = Self {
        frames: Vec::new(),
        ended: 0,
        entered: Vec::new(),
        begun: 0,
        #[cfg(feature = "init")]
        quiet: 0,
        #[cfg(feature = "init")]
        lane: LaneThread::NEW,
        #[cfg(feature = "init")]
        beside: Vec::new(),
        #[cfg(feature = "init")]
        written: Bytes::new(),
        #[cfg(feature = "init")]
        foreign: Vec::new(),
    };

    /// Puts a frame above the others, and gives its token.
    pub(super) fn push(&mut self, frame: Frame) -> u32 {
        self.frames.push(frame);
        u32::try_from(self.frames.len()).unwrap_or(u32::MAX)
    }

    /// Takes away the frame of a token that is no span of the lane route, and the span of `tracing` that it stands for:
    /// guards may be dropped in any order.
    pub(super) fn pop(&mut self, token: u32) -> Option<(Frame, Option<Entered>)> {
        let place = (token as usize).checked_sub(1)?;
        let frame = self.replace(place, Frame::Gone)?;
        Some((frame, self.take_entered(token)))
    }

    /// Takes the span of `tracing` of a token.
    pub(super) fn take_entered(&mut self, token: u32) -> Option<Entered> {
        let place = self.entered.iter().rposition(|(of, _)| *of == token)?;
        Some(self.entered.remove(place).1)
    }

    /// Puts what tells of its end in the place of a frame, and removes from the top what has ended.
    pub(super) fn replace(&mut self, place: usize, ended: Frame) -> Option<Frame> {
        let frame = core::mem::replace(self.frames.get_mut(place)?, ended);
        self.ended += 1;
        self.trim();
        Some(frame)
    }

    fn trim(&mut self) {
        loop {
            match self.frames.last() {
                Some(Frame::Gone) => {}
                #[cfg(feature = "init")]
                Some(Frame::Ended(at)) => {
                    self.lane.truncate(*at as usize);
                }
                _ => return,
            }
            self.frames.pop();
            self.ended -= 1;
        }
    }
}
