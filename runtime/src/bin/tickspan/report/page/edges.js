// Where the edge went: from gross to net by component, and what was decided.

function edges(report) {
  const left = report.edges_left_out ? [card(h("p", { class: "soft" }, `${plural(report.edges_left_out, "further edge")} would have made the page too large.`))] : [];
  return report.edges.map((edge) => {
    const bridge = h("div", { "aria-live": "polite" });
    const show = (which) => bridge.replaceChildren(ladder(edge, which));
    const [accepted, rejected] = [edge.accepted, edge.rejected];
    const chosen = "all";
    show(chosen);
    const unit = edge.unit ? ` (${edge.unit})` : "";
    return card(
      h("h3", {}, edge.name + unit),
      numbers([
        ["decided", count(accepted.all + rejected.all)],
        ["accepted", count(accepted.all)],
        ["part accepted", share(accepted.all, accepted.all + rejected.all)],
        ["net of accepted", amount(accepted.net), accepted.net < 0 ? "bad" : null],
        ["without a sum", count(edge.without_sum)],
      ]),
      choice("Edges", [["all", "all"], ["accepted", "accepted"], ["rejected", "rejected"]], chosen, show),
      bridge,
      h("div", { class: "pair", style: { marginTop: "1rem" } }, decisions(edge), extremes(edge, report)),
    );
  }).concat(left);
}

function ladder(edge, which) {
  const parts = which === "all" ? [edge.accepted, edge.rejected] : [edge[which]];
  const sum = (of) => parts.reduce((total, part) => total + of(part), 0);
  const [gross, net] = [sum((part) => part.gross), sum((part) => part.net)];
  const costs = new Map();
  for (const part of parts) for (const [name, cost] of part.costs) costs.set(name, (costs.get(name) || 0) + cost);
  const rows = [{ name: "gross", amount: gross, from: 0, to: gross, total: true }];
  let at = gross;
  for (const [name, cost] of [...costs].sort((one, other) => other[1] - one[1])) {
    rows.push({ name, amount: -cost, from: at, to: at - cost, kind: cost < 0 ? "rebate" : "cost" });
    at -= cost;
  }
  rows.push({ name: "net", amount: net, from: 0, to: net, kind: net < 0 ? "bad" : "good", total: true });
  const ends = rows.flatMap((row) => [row.from, row.to, 0]).filter(Number.isFinite);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const unit = edge.unit || "";
  return scrolling(`From gross to net, ${edge.name}`, table(`From gross to net, ${which} edges with a sum: ${count(sum((part) => part.count))}`, [
    { name: "part", text: true, show: (row) => words(row.name) },
    { name: unit || "amount", show: (row) => amount(row.amount), kind: (row) => row.total && row.amount < 0 && "bad" },
    { name: "of gross", show: (row) => (gross > 0 ? share(row.amount, gross) : "–") },
    { name: "", track: true, show: (row) => track(low, high, [row], 0) },
  ], rows, { total: (row) => row.total }));
}

function decisions(edge) {
  const rows = [["accepted", edge.accepted.all, "good"], ...edge.reasons.map(([code, number]) => [code, number, "bad"])];
  const whole = rows.reduce((sum, [, number]) => sum + number, 0);
  const most = Math.max(1, ...rows.map(([, number]) => number));
  return h("div", {}, scrolling("Decisions of " + edge.name, table("Decisions by reason", [
    { name: "reason", text: true, show: ([code]) => words(code) },
    { name: "count", show: ([, number]) => count(number) },
    { name: "part", show: ([, number]) => share(number, whole) },
    { name: "", track: true, show: ([, number, kind]) => track(0, most, [{ from: 0, to: number, kind }]) },
  ], rows)));
}

function extremes(edge, report) {
  const known = new Set(report.traces.map((trace) => trace.id));
  const list = (title, rows) => rows.length ? table(title, [
    { name: "net", text: true, show: (row) => amount(row.net) },
    { name: "decision", text: true, show: (row) => (row.decision === "accept" ? "accepted" : words(row.reason || "rejected")) },
    { name: "trace", show: (row) => (known.has(row.trace) ? h("a", { href: "#trace-" + row.trace, class: "mono" }, row.trace.slice(0, 8)) : row.trace ? h("span", { class: "mono" }, row.trace.slice(0, 8)) : "–") },
    { name: "when", show: (row) => when(row.time) },
  ], rows) : null;
  const side = [["best", list("The best", edge.best)], ["worst", list("The worst", edge.worst)]].filter(([, it]) => it);
  if (!side.length) return h("div");
  const box = h("div", {}, side[0][1]);
  return h("div", {}, side.length > 1 ? choice("Edges", side.map(([name]) => [name, "the " + name]), "best", (which) => box.replaceChildren(side.find(([name]) => name === which)[1])) : null, scrolling("The best and the worst edges", box));
}
