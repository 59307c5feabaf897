use tickspan::{Sensitive, event, public};

fn main() {
    let memo = String::new();
    let key: Sensitive<String> = Sensitive::new(String::new());
    event!("printed", memo = public!(memo));
    event!("printed", memo = public!(memo, reason = "todo"));
    event!("printed", memo = public!(memo, reason = "public"));
    event!("printed", memo = public!(memo, reason = "this is just public data"));
    event!("printed", memo = public!(memo, reason = 5));
    event!("printed", memo = public!(memo, why = "text printed on the public trade tape"));
    event!("printed", memo = public!(memo, "text printed on the public trade tape"));
    event!("printed", memo = public!(memo, reason = "text printed on the public trade tape", 5));
    event!("printed", memo = public!());
    event!("printed", memo = public!(reason = "text printed on the public trade tape"));
    event!(
        "printed",
        length = public!(key.expose("to sign"), reason = "text printed on the public trade tape")
    );
}
