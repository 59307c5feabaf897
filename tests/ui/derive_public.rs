use tickspan::AttributeValue;

#[derive(AttributeValue)]
#[public]
struct WithoutReason(String);

#[derive(AttributeValue)]
#[public()]
struct WithoutReasonInParentheses(String);

#[derive(AttributeValue)]
#[public(reason = "todo")]
struct Todo(String);

#[derive(AttributeValue)]
#[public(reason = "a listing")]
struct TooShort(String);

#[derive(AttributeValue)]
#[public(reason = "this is just public data")]
struct EmptyWords(String);

#[derive(AttributeValue)]
#[public(reason = 5)]
struct NumberAsReason(String);

#[derive(AttributeValue)]
#[public("exchange ticker, public listing")]
struct ReasonAlone(String);

#[derive(AttributeValue)]
#[public = "exchange ticker, public listing"]
struct ReasonAfterEquals(String);

#[derive(AttributeValue)]
#[public(resaon = "exchange ticker, public listing")]
struct Misspelt(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing", reason = "exchange ticker, public listing")]
struct ReasonTwice(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
#[public(reason = "exchange ticker, public listing")]
struct Twice(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing", via = Debug)]
struct ViaDebug(u128);

#[derive(AttributeValue)]
struct OnField(#[public(reason = "exchange ticker, public listing")] String);

#[derive(AttributeValue)]
enum OnVariant {
    #[public(reason = "exchange ticker, public listing")]
    Buy,
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
enum OnEnum {
    Buy,
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing", via = std::fmt::Display)]
struct ViaPath(u128);

fn main() {}
