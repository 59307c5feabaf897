//! The key of the deployment for `export = hmac`: from the builder, else from `TICKSPAN_HMAC_KEY`. There is no
//! default.

use super::Error;
use super::environment::Lookup;
use crate::Sensitive;

pub(super) const VARIABLE: &str = "TICKSPAN_HMAC_KEY";

/// The key, checked. The variable is checked even where the builder wins.
///
/// # Errors
///
/// [`Error::Invalid`] for one that is too short, without its value, and [`Error::MissingFeature`].
pub(super) fn read(
    given: Option<Sensitive<Vec<u8>>>,
    lookup: Lookup<'_>,
) -> Result<Option<Sensitive<Vec<u8>>>, Error> {
    let variable = lookup(VARIABLE)
        .filter(|value| !value.is_empty())
        .map(|value| Sensitive::new(value.into_encoded_bytes()));
    let given = checked("with_hmac_key", given)?;
    let variable = checked(VARIABLE, variable)?;
    Ok(given.or(variable))
}

fn checked(
    setting: &'static str,
    key: Option<Sensitive<Vec<u8>>>,
) -> Result<Option<Sensitive<Vec<u8>>>, Error> {
    // As many as the hash has (RFC 2104, section 3).
    const LEAST: usize = 32;
    let Some(key) = key else { return Ok(None) };
    if !cfg!(feature = "hmac") {
        return Err(Error::MissingFeature {
            setting,
            wanted: "pseudonyms".to_owned(),
            feature: "hmac",
        });
    }
    if key.expose("measure its length").len() < LEAST {
        return Err(Error::Invalid {
            setting,
            value: None,
            accepted: format!(
                "a key of at least {LEAST} bytes, such as `openssl rand -hex 32` gives"
            ),
        });
    }
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(given: Option<&[u8]>, variable: &str) -> Result<Option<Vec<u8>>, String> {
        let given = given.map(|key| Sensitive::new(key.to_vec()));
        read(given, &|name| (name == VARIABLE).then(|| variable.into()))
            .map(|key| key.map(|key| key.expose("compare in a test").clone()))
            .map_err(|error| error.to_string())
    }

    #[cfg(feature = "hmac")]
    #[test]
    fn the_builder_wins_and_a_short_key_is_refused_without_its_value() {
        let variable = "v".repeat(32);
        assert_eq!(read_with(None, ""), Ok(None));
        assert_eq!(read_with(None, &variable), Ok(Some(vec![b'v'; 32])));
        assert_eq!(
            read_with(Some(&[b'b'; 32]), &variable),
            Ok(Some(vec![b'b'; 32]))
        );
        for (given, variable) in [(None, "hunter2"), (Some(&b"hunter2"[..]), "")] {
            let error = read_with(given, variable).unwrap_err();
            assert!(
                error.contains("at least 32 bytes") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[cfg(not(feature = "hmac"))]
    #[test]
    fn a_key_without_the_feature_names_it() {
        let error = read_with(None, &"v".repeat(32)).unwrap_err();
        assert!(error.contains("`hmac`"), "{error}");
    }
}
