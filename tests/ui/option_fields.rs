use tickspan::traced_stage;

struct Key;

impl Key {
    fn expose(&self, _why: &str) -> u64 {
        5
    }
}

#[traced_stage(fields(depth = 1, depth = 2))]
fn same_key_twice() {}

#[traced_stage(fields(depth = 1, "depth" = 2))]
fn same_key_in_quotes() {}

#[traced_stage(fields(note = ?note))]
fn debug_sigil(note: &str) -> usize {
    note.len()
}

#[traced_stage(fields(?note, %note))]
fn sigils_without_a_key(note: &str) -> usize {
    note.len()
}

#[traced_stage(fields(note = %note))]
fn display_sigil(note: &str) -> usize {
    note.len()
}

#[traced_stage(fields(error.type = "timeout", otel.kind = 1, message = 2))]
fn reserved_keys() {}

#[traced_stage(fields(depth = ))]
fn no_value() {}

#[traced_stage(fields("depth of book"))]
fn no_value_for_a_quoted_key() {}

#[traced_stage(fields("" = 1, " " = 2))]
fn no_name() {}

#[traced_stage(fields(5 = 1))]
fn a_number_as_key() {}

#[traced_stage(fields(depth: 5))]
fn a_colon() {}

#[traced_stage(fields(depth 5, width = 6))]
fn no_equals_sign() {}

#[traced_stage(fields(length = key.expose("to sign").max(3), nested = { Some(key.expose("to sign")) }))]
fn opens_a_sensitive_value(key: &Key) {
    let _ = key;
}

#[traced_stage(fields)]
fn no_list() {}

#[traced_stage(fields(a = 1), fields(b = 2))]
fn twice() {}

#[traced_stage(fields(
    a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1, i = 1, j = 1, k = 1,
    l = 1, m = 1, n = 1, o = 1, p = 1, q = 1, r = 1, s = 1, t = 1, u = 1, v = 1,
    w = 1, x = 1, y = 1, z = 1, aa = 1, bb = 1, cc = 1, dd = 1, ee = 1,
))]
fn more_than_one_record_holds(first: u64, second: u64) -> u64 {
    first + second
}

#[traced_stage(fields(filled, quantity))]
fn no_such_argument(quantity: u64) {}

fn main() {}
