//! Large buffers, one of a kind per thread, so that idle connections own none.

use std::cell::Cell;
use std::thread::LocalKey;

/// Bytes in the scratch buffer: a read this large costs least per byte on loopback.
pub const SCRATCH_BYTES: usize = 256 * 1024;

/// Where a thread keeps a buffer that nobody is using.
pub(crate) type Place = Cell<Option<Box<[u8]>>>;

thread_local! {
    static SCRATCH: Place = const { Cell::new(None) };
}

/// Lends the calling thread's scratch buffer of [`SCRATCH_BYTES`] to `f`. Its contents are left over from
/// whoever had it before. A nested call gets a temporary buffer.
pub fn with_scratch<R>(f: impl FnOnce(&mut [u8]) -> R) -> R {
    lend(&SCRATCH, SCRATCH_BYTES, f)
}

/// Lends the buffer of `bytes` at `place` to `f`, as [`with_scratch`] does with its own. Made on first use, and as
/// zeros that the system hands out page by page, so that only what is written to takes memory.
pub(crate) fn lend<R>(place: &'static LocalKey<Place>, bytes: usize, f: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut buffer = place.take().unwrap_or_else(|| vec![0; bytes].into_boxed_slice());
    let result = f(&mut buffer);
    place.set(Some(buffer));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_is_kept_between_calls() {
        let first = with_scratch(|buffer| buffer.as_ptr() as usize);
        let second = with_scratch(|buffer| buffer.as_ptr() as usize);
        assert_eq!(first, second);
    }

    #[test]
    fn a_nested_call_gets_another_buffer() {
        with_scratch(|outer| {
            outer[0] = 1;
            with_scratch(|inner| {
                assert_eq!(inner.len(), SCRATCH_BYTES);
                inner[0] = 2;
            });
            assert_eq!(outer[0], 1);
        });
    }
}
