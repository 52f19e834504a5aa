//! Names for what the file leaves unnamed.

/// `base`, or the first of `base_2`, `base_3`, ... that is not taken.
pub(super) fn free(base: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = base.to_owned();
    let mut n = 2u64;
    while taken(&name) {
        name = format!("{base}_{n}");
        n += 1;
    }
    name
}
