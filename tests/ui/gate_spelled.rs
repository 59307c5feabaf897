use tickspan::traced_stage;

/// Each has the name of a number, and is none.
mod of_the_user {
    #[allow(non_camel_case_types)]
    pub type f64 = String;
    #[allow(non_camel_case_types)]
    pub struct u32;
}

mod text_by_the_name_of_a_number {
    use super::of_the_user::f64;
    use tickspan::traced_stage;

    #[traced_stage]
    fn send(note: f64) {
        drop(note);
    }
}

mod type_by_the_name_of_a_number {
    use super::of_the_user::u32;
    use tickspan::traced_stage;

    #[traced_stage(fields(quantity))]
    async fn send(quantity: u32) {
        drop(quantity);
    }
}

#[traced_stage]
fn number(quantity: u32) {
    let _ = quantity;
}

fn main() {
    number(1);
}
