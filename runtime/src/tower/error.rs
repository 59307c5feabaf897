//! What kind of error it was, by its type.

use core::any::type_name;
use std::error::Error;
use std::io;

/// So many causes are looked at.
const DEEPEST: usize = 16;

/// What `error.type` says of an error: for one of the operating system its kind, for a time that has passed `timeout`,
/// and else the name of its type. The text of an error is not looked at: it can hold anything.
pub(super) fn of<E: Error + 'static>(error: &E) -> &'static str {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    for _ in 0..DEEPEST {
        let Some(error) = cause else { break };
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return kind(error.kind());
        }
        if error.is::<tokio::time::error::Elapsed>() {
            return "timeout";
        }
        cause = error.source();
    }
    type_name::<E>()
}

fn kind(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    match kind {
        Kind::ConnectionRefused => "connection_refused",
        Kind::ConnectionReset => "connection_reset",
        Kind::ConnectionAborted => "connection_aborted",
        Kind::NotConnected => "not_connected",
        Kind::BrokenPipe => "broken_pipe",
        Kind::TimedOut => "timeout",
        Kind::UnexpectedEof => "unexpected_eof",
        Kind::HostUnreachable => "host_unreachable",
        Kind::NetworkUnreachable => "network_unreachable",
        Kind::NetworkDown => "network_down",
        Kind::AddrNotAvailable => "address_not_available",
        Kind::PermissionDenied => "permission_denied",
        Kind::InvalidData => "invalid_data",
        _ => "io",
    }
}

#[cfg(test)]
mod tests {
    use core::fmt;

    use super::*;

    #[derive(Debug)]
    struct Failed(Option<Box<dyn Error>>);

    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("connection refused by 192.0.2.7")
        }
    }

    impl Error for Failed {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.as_deref()
        }
    }

    #[test]
    fn type_and_not_the_text_tells_the_kind() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(of(&refused()), "connection_refused");
        let wrapped = Failed(Some(Box::new(Failed(Some(Box::new(refused()))))));
        assert_eq!(of(&wrapped), "connection_refused");
        assert_eq!(of(&Failed(None)), type_name::<Failed>());
        let unknown = Failed(Some(Box::new(io::Error::other("refused"))));
        assert_eq!(of(&unknown), "io");
    }

    #[test]
    fn chain_without_end_is_given_up() {
        #[derive(Debug)]
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Ok(())
            }
        }
        impl Error for Endless {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        assert_eq!(of(&Endless), type_name::<Endless>());
    }
}
