use tickspan::stage;

fn main() {
    let name = "match";
    let _stage = stage!();
    let _stage = stage!(depth = 5);
    let _stage = stage!(format!("match {name}"));
    let _stage = stage!(5);
    let _stage = stage!("match" depth = 5);
    let _stage = stage!("match", depth = ?name);
    let _stage = stage!("match", depth = 1, depth = 2);
    let _stage = stage!("match", otel.name = "order");
    let _stage = stage!(lvl: "debug", "match");
    let _stage = stage!(level: "loud", "match");
    let _stage = stage!(level = "debug", "match");
    let _stage = stage!(kind: "rpc", "match");
    let _stage = stage!(level: "debug", level: "info", "match");
    let _stage = stage!("match", async { 5 }, depth = 5);
    let _stage = stage!("match", depth = );
    let _stage = stage!(
        "match",
        a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1, i = 1, j = 1, k = 1,
        l = 1, m = 1, n = 1, o = 1, p = 1, q = 1, r = 1, s = 1, t = 1, u = 1, v = 1,
        w = 1, x = 1, y = 1, z = 1, aa = 1, bb = 1, cc = 1, dd = 1, ee = 1, ff = 1, gg = 1,
    );
}
