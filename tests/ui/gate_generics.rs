use std::fmt::Display;

use tickspan::traced_stage;

#[traced_stage(skip_all, fields(value))]
fn anything<T>(value: T) {
    let _ = value;
}

#[traced_stage(skip_all, fields(value))]
fn anything_that_is_displayed<T: Display>(value: T) {
    let _ = value;
}

#[traced_stage(skip_all, fields(value))]
fn anything_in_an_argument(value: impl Into<String>) {
    let _ = value;
}

#[traced_stage(skip_all, fields(values))]
fn list_of_anything<T>(values: Vec<T>) {
    let _ = values;
}

#[traced_stage(skip_all, fields(length = value.associated()))]
fn of_an_associated_type<T: Associated>(value: T) {
    let _ = value;
}

trait Associated {
    type Length;

    fn associated(&self) -> Self::Length;
}

fn main() {}
