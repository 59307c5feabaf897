//! What the user wrote.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Ident, LitStr, Path};

use crate::diagnostics::{Faults, suggest};
use crate::public::parse::allow_name;
use crate::setting::{each_option, equals, option_name, put, refuse_quotes};
use crate::{mark, paths, reason};

/// The type and what stands on it.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    pub(crate) public: Option<Public>,
}

/// `#[public(reason = "...", via = Display)]`.
pub(crate) struct Public {
    pub(crate) attribute: Attribute,
    pub(crate) reason: Option<LitStr>,
    pub(crate) via_display: Option<Ident>,
    /// Whether the name of the type, or of its field, may be sensitive.
    pub(crate) allows_name: bool,
}

const ACCEPTED: [&str; 3] = ["reason", "via", "allow_name"];

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let input: DeriveInput = syn::parse2(tokens)?;
    let krate = paths::given(&input, faults);
    let mut public = None;
    for attribute in &input.attrs {
        if attribute.path().is_ident("public") {
            if public.is_some() {
                faults.at(attribute, "`#[public(..)]` is given twice; remove one");
            } else {
                public = parse_public(attribute, faults);
            }
        }
    }
    // Inside it would be read as a promise.
    paths::refuse_within(&input.data, "public", faults);
    refuse_sensitive(&input, faults);
    Ok(Written {
        input,
        krate,
        public,
    })
}

fn parse_public(attribute: &Attribute, faults: &mut Faults) -> Option<Public> {
    let mut public = Public {
        attribute: attribute.clone(),
        reason: None,
        via_display: None,
        allows_name: false,
    };
    if matches!(attribute.meta, syn::Meta::Path(_)) {
        return Some(public);
    }
    let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
        each_option(input, |input| {
            if input.peek(LitStr) {
                return Err(input.error("a reason is given as `reason = \"...\"`"));
            }
            let option = option_name(input, &ACCEPTED)?;
            match option.to_string().as_str() {
                "reason" => put(&mut public.reason, &option, reason::parse(&option, input)?),
                "via" => {
                    equals(&option, "Display", input)?;
                    refuse_quotes(input, |_| "via = Display".to_owned())?;
                    let via = input.call(Path::parse_mod_style)?;
                    let Some(display) = via.get_ident().filter(|via| *via == "Display") else {
                        let written = via.to_token_stream().to_string().replace(' ', "");
                        let message = format!(
                            "a value cannot be opened via `{written}`; accepted: `Display`"
                        );
                        return Err(syn::Error::new_spanned(via, message));
                    };
                    put(&mut public.via_display, &option, display.clone())
                }
                "allow_name" => allow_name(&mut public.allows_name, &option, input),
                other => {
                    let message = format!(
                        "unknown option `{other}` of `public`; {}",
                        suggest(other, &ACCEPTED)
                    );
                    Err(syn::Error::new(option.span(), message))
                }
            }
        })
    });
    faults.ok(parsed).map(|()| public)
}

/// The derive proves that values may leave; a mark says that they must not.
fn refuse_sensitive(input: &DeriveInput, faults: &mut Faults) {
    let public = input
        .attrs
        .iter()
        .find(|attribute| mark::is_public(attribute));
    let mut refuse = |attributes: &[Attribute]| {
        for attribute in attributes
            .iter()
            .filter(|attribute| mark::is_mark(attribute))
        {
            match public {
                Some(public) => mark::contradiction(public, attribute, faults),
                None => faults.at(
                    attribute,
                    "`AttributeValue` is the proof that values may leave, and this mark withholds them; remove one of \
                     them, or mark the arguments and fields that hold such a value",
                ),
            }
        }
    };
    refuse(&input.attrs);
    if let Data::Struct(data) = &input.data {
        data.fields.iter().for_each(|field| refuse(&field.attrs));
    }
    if let Data::Enum(data) = &input.data {
        for variant in &data.variants {
            let advice = "the names of variants stand in the source";
            mark::refuse(&variant.attrs, "a variant", advice, faults);
        }
    }
}
