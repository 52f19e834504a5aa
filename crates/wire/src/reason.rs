//! What an I/O error says, as a fragment that fits behind `upstream 127.0.0.1:9: `.

use std::io;

/// The error's message in lower case and without the system's number: `connection refused`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        // An acronym stays as it is.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_fragments() {
        let refused = io::Error::from(rustix::io::Errno::CONNREFUSED);
        assert_eq!(reason(&refused), "connection refused");
        assert_eq!(reason(&io::ErrorKind::AddrInUse.into()), "address in use");
        assert_eq!(reason(&io::Error::other("FIN came first")), "FIN came first");
    }
}
