//! From the model to tokens. Nothing can fail here.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::analyze::Public;
use crate::field;
use crate::inventory::{self, Entry};

pub(crate) fn expand(public: Public) -> TokenStream {
    let Public {
        support,
        value,
        reason,
        allows_name,
    } = public;
    let entry = Entry::public("", &value, &reason, allows_name);
    let noted = inventory::noted("public", "public!", Span::call_site(), &[entry], &support);
    let at = field::guilty(&value).resolved_at(Span::mixed_site());
    let value = field::operand(&value);
    let support = support.at(at);
    quote_spanned!(at=> #support::Public::new({ #noted }, &#value).__tickspan_open())
}
