//! What gRPC says of how a call ended: in the trailers of a response, or in its headers where it has no more.

use http::{HeaderMap, header};

/// The codes, by their numbers: <https://grpc.io/docs/guides/status-codes/>.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Whether a response with these headers is one of gRPC.
pub(super) fn is_spoken(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The code that headers or trailers tell. One that is not known is `UNKNOWN`, as clients of gRPC read it.
pub(super) fn code(said: &HeaderMap) -> Option<&'static str> {
    let number = said.get("grpc-status")?.to_str().ok();
    let code = number.and_then(|number| CODES.get(number.parse::<usize>().ok()?));
    Some(code.copied().unwrap_or("UNKNOWN"))
}

/// Whether a server has failed that answers so, by the
/// [conventions](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/): the other codes tell of a mistake of its client.
pub(super) fn is_fault_of_server(code: &str) -> bool {
    matches!(
        code,
        "UNKNOWN"
            | "DEADLINE_EXCEEDED"
            | "UNIMPLEMENTED"
            | "INTERNAL"
            | "UNAVAILABLE"
            | "DATA_LOSS"
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_not_a_code_is_unknown() {
        let of = |value: &'static [u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            code(&HeaderMap::from_iter([(
                "grpc-status".try_into().unwrap(),
                value,
            )]))
        };
        assert_eq!(of(b"0"), Some("OK"));
        assert_eq!(of(b"16"), Some("UNAUTHENTICATED"));
        for odd in [&b"17"[..], b"", b"-1", b"OK", b"\xff"] {
            assert_eq!(of(odd), Some("UNKNOWN"), "{odd:?}");
        }
        assert_eq!(code(&HeaderMap::new()), None);
    }
}
