// The traces that were kept, and the one that was chosen as a waterfall.

const WHY = { slowest: "slowest", failed: "failed", stage: "slowest of a stage", best: "best edges", worst: "worst edges", sample: "sample" };

function traces(report) {
  const list = h("div");
  const shown = h("div", { id: "waterfall" });
  const reasons = Object.keys(WHY).filter((why) => report.traces.some((trace) => trace.why.includes(why)));
  let [kind, current] = ["all", null];
  function choose(trace, reveal) {
    current = trace;
    shown.replaceChildren(waterfall(trace, report));
    if (reveal) shown.querySelector("h3").focus();
    for (const line of list.querySelectorAll("tbody tr")) {
      if (line.dataset.trace === trace.id) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    }
  }
  function filter(which) {
    kind = which;
    const rows = report.traces.filter((trace) => kind === "all" || trace.why.includes(kind));
    list.replaceChildren(scrolling("Traces that were kept", table(`${plural(rows.length, "trace")}`, [
      { name: "trace", text: true, by: (it) => it.root, show: (it) => h("a", { href: "#trace-" + it.id, onclick: (event) => { event.preventDefault(); history.replaceState(null, "", "#trace-" + it.id); choose(it, true); } }, it.root ? words(it.root) : "(no span)") },
      { name: "took", by: (it) => it.took, show: (it) => duration(it.took) },
      { name: "spans", by: (it) => it.spans.length + it.left_out, show: (it) => count(it.spans.length + it.left_out) },
      { name: "began", by: (it) => it.start, show: (it) => when(it.start) },
      { name: "id", show: (it) => h("span", { class: "mono" }, it.id.slice(0, 8)) },
      { name: "", text: true, show: (it) => (it.failed ? h("span", { class: "tag bad" }, "failed") : "") },
    ], rows, { onrow: (it, line) => {
      line.dataset.trace = it.id;
      if (it === current) line.setAttribute("aria-current", "true");
    } }), "sticky list"));
  }
  function fromAddress() {
    const id = location.hash.startsWith("#trace-") ? location.hash.slice(7) : null;
    const trace = id && report.traces.find((it) => it.id === id);
    if (!trace) return;
    choose(trace, true);
    document.getElementById("waterfall").scrollIntoView({ block: "start" });
  }
  if (!report.traces.length) return [card(h("p", { class: "soft" }, "There is no trace in the recording."))];
  filter("all");
  choose(report.traces[0], false);
  window.addEventListener("hashchange", fromAddress);
  queueMicrotask(fromAddress);
  const left = report.traces_left_out ? h("p", { class: "soft" }, `${plural(report.traces_left_out, "further trace")} would have made the page too large.`) : null;
  return [card(choice("Show", [["all", "all"], ...reasons.map((why) => [why, WHY[why]])], "all", filter), list, left), card(shown)];
}

function waterfall(trace, report) {
  const whole = Math.max(1, trace.took);
  const facts = h("div", { class: "facts", "aria-live": "polite" });
  const rows = [];
  const tree = h("div", { role: "tree", "aria-label": "Spans of the trace" });
  trace.spans.forEach((it, place) => {
    const next = trace.spans[place + 1];
    const parent = Boolean(next && next.depth > it.depth);
    const failed = it.outcome && it.outcome !== "ok";
    const twig = h("span", { class: "twig", "aria-hidden": "true" }, parent ? "▾" : "");
    const bar = track(0, whole, [{ from: it.at, to: it.at + it.took, kind: failed ? "bad" : null }]);
    for (const item of it.items) bar.append(h("u", { class: symbol(item)[1], style: { left: Math.min(100, Math.max(0, (item.at / whole) * 100)) + "%" } }));
    const words = [it.name, `took ${duration(it.took)}`, `begins at ${duration(it.at)}`];
    if (failed) words.push(it.outcome);
    if (it.items.length) words.push(plural(it.items.length, "event"));
    const row = h("div", {
      role: "treeitem", tabindex: -1, "aria-level": it.depth + 1, "aria-label": words.join(", "),
      "aria-expanded": parent ? "true" : null, "aria-selected": "false",
    },
    h("span", { class: "name", style: { paddingLeft: Math.min(it.depth, 12) * 0.8 + "rem" } }, twig, failed ? h("span", { class: "bad" }, "✗ ") : null, it.name, it.kind ? h("span", { class: "soft" }, ` ${it.kind}`) : null),
    h("span", { class: "num soft offset" }, duration(it.at)),
    h("span", { class: "num" }, duration(it.took)), bar);
    row.addEventListener("click", (event) => (event.target === twig && parent ? fold(place) : select(place)));
    rows.push({ row, it, parent, twig, open: true });
    tree.append(row);
  });
  function fold(place, open) {
    const folded = rows[place];
    folded.open = open === undefined ? !folded.open : open;
    folded.row.setAttribute("aria-expanded", String(folded.open));
    folded.twig.textContent = folded.open ? "▾" : "▸";
    let hiddenBelow = Infinity;
    for (const each of rows) {
      if (each.it.depth <= hiddenBelow) hiddenBelow = Infinity;
      each.row.hidden = each.it.depth > hiddenBelow;
      each.row.style.display = each.row.hidden ? "none" : "";
      if (!each.row.hidden && each.parent && !each.open) hiddenBelow = Math.min(hiddenBelow, each.it.depth);
    }
  }
  let at = 0;
  function select(place, focus = true) {
    rows[at].row.setAttribute("tabindex", -1);
    rows[at].row.setAttribute("aria-selected", "false");
    at = place;
    rows[at].row.setAttribute("tabindex", 0);
    rows[at].row.setAttribute("aria-selected", "true");
    if (focus) rows[at].row.focus();
    facts.replaceChildren(...spanFacts(rows[at].it).flat(2).filter(Boolean));
  }
  const seen = (from, step) => {
    let place = from + step;
    while (rows[place] && rows[place].row.hidden) place += step;
    return rows[place] ? place : from;
  };
  const above = (place) => {
    for (let up = place - 1; up >= 0; up -= 1) if (rows[up].it.depth < rows[place].it.depth) return up;
    return place;
  };
  tree.addEventListener("keydown", (event) => {
    const moves = {
      ArrowDown: () => select(seen(at, 1)),
      ArrowUp: () => select(seen(at, -1)),
      Home: () => select(0),
      End: () => select(seen(rows.length, -1)),
      ArrowRight: () => (rows[at].parent && !rows[at].open ? fold(at, true) : select(rows[at].parent ? seen(at, 1) : at)),
      ArrowLeft: () => (rows[at].parent && rows[at].open ? fold(at, false) : select(above(at))),
      Enter: () => rows[at].parent && fold(at),
      " ": () => rows[at].parent && fold(at),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  });
  if (rows.length) select(0, false);
  const said = [`trace ${trace.id}`, `began ${trace.start}`, plural(trace.spans.length + trace.left_out, "span"), `kept as: ${trace.why.map((why) => WHY[why]).join(", ")}`];
  const symbols = [...new Map(trace.spans.flatMap((it) => it.items).map((item) => [item.what, symbol(item)[1]]))];
  return h("div", {},
    h("h3", { tabindex: -1 }, (trace.root || "(no span)") + " ", h("span", { class: "soft" }, duration(trace.took)), trace.failed ? h("span", {}, " ", h("span", { class: "tag bad" }, "failed")) : null),
    h("p", { class: "soft", style: { overflowWrap: "anywhere" } }, said.join(" · ")),
    trace.left_out ? h("p", { class: "bad" }, `${plural(trace.left_out, "further span")} of this trace ${trace.left_out === 1 ? "is" : "are"} not on this page.`) : null,
    trace.left_out_items ? h("p", { class: "bad" }, `${plural(trace.left_out_items, "further event")} of it ${trace.left_out_items === 1 ? "is" : "are"} not on this page.`) : null,
    symbols.length ? h("p", { class: "legend" }, symbols.map(([what, kind]) => h("span", {}, h("span", { class: "fall", style: { display: "inline" } }, h("span", { class: "track", style: { display: "inline-block", width: "12px", minWidth: "12px", height: "9px" } }, h("u", { class: kind, style: { left: "6px" } }))), ` ${what}`))) : null,
    h("div", { class: "fall" }, h("div", { class: "head", "aria-hidden": "true" }, h("span", {}, "span"), h("span", { class: "num offset" }, "begins at"), h("span", { class: "num" }, "took"), h("span", {}, `0 to ${duration(trace.took)}`)), tree),
    facts);
}

// How an item of a span is called, and how it is drawn.
function symbol(item) {
  const kind = item.what === "edge" ? (item.accepted ? "good" : "bad") : item.what === "mark" ? "mark" : item.failed ? "bad" : "";
  return [item.what, kind];
}

function spanFacts(it) {
  const pairs = (caption, rows) => (rows.length ? table(caption, [
    { name: "key", text: true, show: ([key]) => words(key) },
    { name: "value", text: true, show: ([, value]) => value },
  ], rows, { titled: true }) : null);
  const rows = [["took", duration(it.took)], ["begins at", duration(it.at)]];
  if (it.kind) rows.push(["kind", it.kind]);
  rows.push(["outcome", it.outcome || "ok"]);
  if (it.process) rows.push(["process", it.process]);
  rows.push(...it.attributes);
  if (it.dropped) rows.push(["left out", plural(it.dropped, "attribute, event or link")]);
  return [
    h("h4", {}, it.name),
    scrolling("The span " + it.name, pairs("The span, with its attributes", rows)),
    it.items.map((item) => [
      h("h4", {}, `${item.what} ${item.name}`, h("span", { class: "soft" }, ` at ${duration(Math.max(0, item.at))}`)),
      item.attributes.length ? scrolling(`${item.what} ${item.name}`, pairs(`${item.what} ${item.name}`, item.attributes)) : null,
    ]),
  ];
}
