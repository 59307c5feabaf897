//! Secrets put into everything that tickspan's own macros see.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::Stream;
use tickspan::{AttributeValue, Sensitive, event, record, stage, traced_stage};

use crate::forms::CANARY;

/// The names of the spans that [`exercise`] leaves.
pub(crate) const SPANS: &[&str] = &[
    "borrowed_text",
    "owned_text",
    "bytes",
    "containers",
    "objects",
    "unbounded",
    "displayed",
    "opaque",
    "closure",
    "held",
    "method",
    "inherited",
    "refuse",
    "refuse_with_source",
    "refuse_mapped",
    "refuse_boxed",
    "give",
    "panics",
    "panics_with_a_value",
    "asynchronous",
    "asynchronous_error",
    "cancelled",
    "boxed",
    "streamed",
    "block",
    "aliased",
    "in_a_macro",
    "destructured",
    "renamed",
    "nested",
];

/// A secret that tells where it was put.
pub(crate) fn secret(place: &str) -> String {
    format!("{CANARY} of {place}")
}

#[traced_stage]
fn borrowed_text(text: &str, optional: Option<&str>, cow: Cow<'_, str>) -> usize {
    text.len() + optional.map_or(0, str::len) + cow.len()
}

#[traced_stage]
fn owned_text(text: String, boxed: Box<str>, shared: Arc<str>, path: PathBuf) -> usize {
    text.len() + boxed.len() + shared.len() + path.as_os_str().len()
}

#[traced_stage]
fn bytes(slice: &[u8], list: Vec<u8>, array: [u8; 13], characters: Vec<char>) -> usize {
    slice.len() + list.len() + array.len() + characters.len()
}

#[traced_stage]
fn containers(
    list: &[String],
    map: &HashMap<String, u64>,
    values: &HashMap<u64, String>,
    pair: (String, u64),
    result: &Result<String, String>,
    cell: &RefCell<String>,
) -> usize {
    list.len()
        + map.len()
        + values.len()
        + pair.0.len()
        + usize::from(result.is_ok())
        + cell.borrow().len()
}

#[traced_stage]
fn objects(displayed: &dyn Display, debugged: Box<dyn Debug>, error: &dyn Error) -> usize {
    format!("{displayed}{debugged:?}{error}").len()
}

#[traced_stage]
fn unbounded<T>(value: T, reference: &T) -> bool {
    std::ptr::eq(&raw const value, reference)
}

#[traced_stage]
fn displayed<T: Display + Debug + Clone + Into<String>>(value: &T) -> String {
    value.clone().into()
}

#[traced_stage]
fn opaque(value: impl AsRef<str>) -> usize {
    value.as_ref().len()
}

#[traced_stage]
fn closure(give: impl Fn() -> String) -> usize {
    give().len()
}

#[traced_stage]
fn held(key: &Sensitive<String>, number: Sensitive<u64>) -> usize {
    key.expose("sign the request").len() + usize::from(*number.expose("send the order") > 7)
}

/// Prints its secret in every way that there is.
#[derive(Clone, Debug)]
struct Account {
    key: String,
}

impl Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

impl Account {
    #[traced_stage]
    fn method(&self, other: &Account) -> usize {
        self.key.len() + other.key.len()
    }
}

trait Named {
    fn inherited(&self, note: &str) -> usize;
}

#[traced_stage]
impl Named for Account {
    fn inherited(&self, note: &str) -> usize {
        self.key.len() + note.len()
    }
}

#[derive(Debug)]
struct Refused {
    text: String,
    source: Option<Box<Refused>>,
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

fn refused(source: Option<Box<Refused>>) -> Refused {
    Refused {
        text: secret("an error"),
        source,
    }
}

#[traced_stage(err)]
fn refuse() -> Result<u64, String> {
    Err(secret("a text error"))
}

#[traced_stage(err(level = "warn"))]
fn refuse_with_source() -> Result<u64, Refused> {
    Err(refused(Some(Box::new(refused(None)))))
}

#[derive(AttributeValue)]
enum Kind {
    Refused,
}

#[traced_stage(err(map = |_: &Refused| Some(Kind::Refused)))]
fn refuse_mapped() -> Result<u64, Refused> {
    Err(refused(None))
}

#[traced_stage(err)]
fn refuse_boxed() -> Result<u64, Box<dyn Error>> {
    Err(secret("a boxed error").into())
}

#[traced_stage(ret, err)]
fn give(note: &str) -> Result<u64, Account> {
    Ok(note.len() as u64)
}

#[traced_stage]
fn panics(note: &str) {
    panic!("{note}");
}

#[traced_stage]
fn panics_with_a_value(note: &str) {
    std::panic::panic_any(note.to_owned());
}

#[traced_stage]
async fn asynchronous(note: String) -> usize {
    std::future::ready(()).await;
    note.len()
}

#[traced_stage(err)]
async fn asynchronous_error(note: String) -> Result<(), Account> {
    Err(Account { key: note })
}

#[traced_stage]
async fn cancelled(note: String) {
    record!(waiting = 1);
    std::future::pending::<()>().await;
    drop(note);
}

#[traced_stage]
fn boxed(note: String) -> Pin<Box<dyn Future<Output = usize>>> {
    Box::pin(async move { note.len() })
}

#[traced_stage]
fn streamed(note: String) -> impl Stream<Item = String> {
    futures::stream::iter([note])
}

type Key = String;

#[traced_stage]
fn aliased(key: &Key, keys: &[Key]) -> usize {
    key.len() + keys.len()
}

macro_rules! annotated {
    ($name:ident, $argument:ident: $type:ty) => {
        #[traced_stage]
        fn $name($argument: $type) -> usize {
            $argument.len()
        }
    };
}

annotated!(in_a_macro, note: &str);

#[traced_stage]
fn destructured(
    Account { key }: Account,
    (left, right): (String, &str),
    [first]: [String; 1],
) -> usize {
    key.len() + left.len() + right.len() + first.len()
}

#[traced_stage(name = "renamed", skip_all, fields(length = note.len(), has_key = account.key.is_empty()))]
fn called_otherwise(note: &str, account: &Account) -> usize {
    note.len() + account.key.len()
}

#[traced_stage]
fn nested(account: &Account) -> usize {
    let inner = |note: &str| {
        event!("looked_at", length = note.len());
        note.len()
    };
    inner(&account.key)
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs every stage of [`SPANS`].
pub(crate) fn exercise() {
    let text = secret("an argument");
    borrowed_text(&text, Some(&text), Cow::Borrowed(&text));
    owned_text(
        text.clone(),
        text.as_str().into(),
        text.as_str().into(),
        PathBuf::from(&text),
    );
    let array: [u8; 13] = CANARY
        .as_bytes()
        .try_into()
        .expect("the canary has 13 bytes");
    bytes(
        text.as_bytes(),
        text.clone().into_bytes(),
        array,
        text.chars().collect(),
    );
    containers(
        std::slice::from_ref(&text),
        &HashMap::from([(text.clone(), 1)]),
        &HashMap::from([(1, text.clone())]),
        (text.clone(), 1),
        &Ok(text.clone()),
        &RefCell::new(text.clone()),
    );
    objects(&text, Box::new(text.clone()), &refused(None));
    unbounded(text.clone(), &text);
    displayed(&text);
    opaque(&text);
    closure(|| text.clone());
    held(&Sensitive::new(text.clone()), Sensitive::new(7));
    let account = Account {
        key: secret("an account"),
    };
    account.method(&account);
    account.inherited(&text);
    let _ = refuse();
    let _ = refuse_with_source();
    let _ = refuse_mapped();
    let _ = refuse_boxed();
    let _ = give(&text);
    let _ = catch_unwind(AssertUnwindSafe(|| panics(&text)));
    let _ = catch_unwind(AssertUnwindSafe(|| panics_with_a_value(&text)));
    let _ = poll_once(asynchronous(text.clone()));
    let _ = poll_once(asynchronous_error(text.clone()));
    let _ = poll_once(cancelled(text.clone()));
    let _ = poll_once(boxed(text.clone()));
    drop(streamed(text.clone()));
    {
        let local = Rc::new(text.clone());
        let _block = stage!("block", length = local.len());
        record!(seen = true);
        event!("block_read", length = local.len());
    }
    aliased(&text, std::slice::from_ref(&text));
    in_a_macro(&text);
    destructured(account.clone(), (text.clone(), &text), [text.clone()]);
    called_otherwise(&text, &account);
    nested(&account);
}
