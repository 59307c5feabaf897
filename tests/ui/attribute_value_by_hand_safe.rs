use tickspan::AttributeValue;

struct Note(String);

impl AttributeValue for Note {
    type Form = <u64 as AttributeValue>::Form;

    fn attribute(&self) -> tickspan::support::Value<'_> {
        tickspan::support::Value::text(&self.0)
    }
}

fn main() {}
