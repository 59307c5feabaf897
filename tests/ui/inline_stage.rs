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
    let _stage = stage!("match", level: "debug", depth = 5);
    let _stage = stage!("match", sent());
    let _stage = stage!("match", depth = 5, || 3);
    let _stage = stage!("match", depth = 5, { 3 });
    let _stage = stage!(
        "match",
        a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1, i = 1, j = 1, k = 1,
        l = 1, m = 1, n = 1, o = 1, p = 1, q = 1, r = 1, s = 1, t = 1, u = 1, v = 1,
        w = 1, x = 1, y = 1, z = 1, aa = 1, bb = 1, cc = 1, dd = 1, ee = 1, ff = 1, gg = 1,
    );
    let _stage = stage!("match", async {
        tickspan::record!(r0 = 0, r1 = 1, r2 = 2, r3 = 3, r4 = 4, r5 = 5, r6 = 6, r7 = 7, r8 = 8, r9 = 9, r10 = 10, r11 = 11, r12 = 12, r13 = 13, r14 = 14, r15 = 15, r16 = 16, r17 = 17, r18 = 18, r19 = 19, r20 = 20, r21 = 21, r22 = 22, r23 = 23, r24 = 24, r25 = 25, r26 = 26, r27 = 27, r28 = 28, r29 = 29, r30 = 30, r31 = 31, r32 = 32);
    });
}
