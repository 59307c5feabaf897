use tickspan::LatencyStages;

#[derive(LatencyStages)]
enum NoMark {}

#[derive(LatencyStages)]
enum OneMark {
    Received,
}

#[derive(LatencyStages)]
enum WithData {
    Received,
    Updated(u64),
    Sent { quantity: u64 },
}

#[derive(LatencyStages)]
enum Generic<T> {
    Received,
    Sent,
}

#[derive(LatencyStages)]
enum TooMany {
    A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R,
}

#[derive(LatencyStages)]
struct Structure {
    received: u64,
}

#[derive(LatencyStages)]
union Either {
    received: u64,
    sent: u64,
}

#[derive(LatencyStages)]
enum OneName {
    WsReceived,
    WSReceived,
    #[latency(name = "ws_received")]
    Sent,
}

#[derive(LatencyStages)]
enum OneHop {
    A,
    AToB,
    BToC,
    C,
}

#[derive(LatencyStages)]
enum TheWhole {
    End,
    Middle,
    #[latency(name = "end")]
    Last,
}

fn main() {}
