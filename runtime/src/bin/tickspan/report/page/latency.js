// How long stages and hops took: a table of each kind, and below it the charts of the row that was chosen.

function latency(report) {
  const parts = report.paths.map((path) => card(
    h("h3", {}, "Path " + path.name),
    h("p", { class: "soft" }, aboutPath(path)),
    path.hops.length ? hops(path, report) : null,
    path.hops.length ? measures(path.hops, "hop", `Hops of the path ${path.name}`, report) : null,
    marks(path),
  ));
  if (report.paths_left_out) parts.push(card(h("p", { class: "soft" }, `${plural(report.paths_left_out, "further path")} had no room on this page.`)));
  if (report.stages.length) {
    const left = report.stages_left_out ? ` ${plural(report.stages_left_out, "further stage")} took less time in all and ${report.stages_left_out === 1 ? "is" : "are"} left out.` : "";
    parts.push(card(h("h3", {}, "Stages"), measures(report.stages, "stage", "Stages." + left, report)));
  }
  return parts;
}

function aboutPath(path) {
  const said = [plural(path.finished, "clock") + " finished"];
  if (path.budget) said.push(`budget ${duration(path.budget)}`);
  if (path.over) said.push(`${count(path.over)} over a budget`);
  if (path.hops_left_out) said.push(`${plural(path.hops_left_out, "further hop")} had no room on this page`);
  return said.join(", ");
}

// Which part of the way each hop takes, at the median and at p99.
function hops(path, report) {
  const each = path.hops.filter((hop) => hop.name !== "end_to_end");
  const most = Math.max(...each.map((hop) => hop.p99));
  return scrolling("Where the time goes, " + path.name, table("Where the time goes: each hop up to its p50, and on to its p99", [
    { name: "hop", text: true, show: (hop) => words(hop.name) },
    { name: "p50", show: (hop) => duration(hop.p50) },
    { name: "p99", show: (hop) => duration(hop.p99) },
    { name: "", track: true, show: (hop) => track(0, most, [{ from: 0, to: hop.p50 }, { from: hop.p50, to: hop.p99, kind: "cost" }], hop.budget && hop.budget <= most ? hop.budget : undefined) },
  ], each));
}

function marks(path) {
  const wrong = path.marks.filter((mark) => mark.unmarked || mark.repeated || mark.backwards);
  if (!wrong.length) return null;
  return h("details", {}, h("summary", {}, "Marks that were not made, or not in their order"), scrolling("Marks", table("Marks", [
    { name: "mark", text: true, show: (it) => it.name },
    { name: "unmarked", show: (it) => count(it.unmarked) },
    { name: "repeated", show: (it) => count(it.repeated) },
    { name: "backwards", show: (it) => count(it.backwards) },
  ], wrong)));
}

function measures(all, word, caption, report) {
  const detail = h("div", { "aria-live": "polite" });
  const id = "measured-" + (measures.number = (measures.number || 0) + 1);
  detail.id = id;
  const lines = new Map();
  let chosen = all[0];
  function choose(measured) {
    chosen = measured;
    for (const [each, line] of lines) {
      if (each === measured) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    }
    detail.replaceChildren(charts(measured, word, report));
  }
  for (const each of all) if (each.name === "end_to_end" || (chosen.name !== "end_to_end" && word === "stage" && each.count * each.mean > chosen.count * chosen.mean)) chosen = each;
  const column = (name, by, show) => ({ name, by, show: (it) => (show || duration)(by(it)) });
  const columns = [
    { name: word, text: true, by: (it) => it.name, show: (it) => h("button", { type: "button", class: "link", "aria-controls": id, onclick: () => choose(it) }, words(it.name)) },
    column("count", (it) => it.count, count),
  ];
  if (word === "stage") columns.push({ name: "errors", by: (it) => it.errors, show: (it) => count(it.errors), kind: (it) => it.errors && "bad" });
  else if (all.some((it) => it.budget)) {
    columns.push({ name: "budget", by: (it) => it.budget || 0, show: (it) => (it.budget ? duration(it.budget) : "–") });
    columns.push({ name: "over", by: (it) => it.over, show: (it) => (it.budget ? count(it.over) : "–"), kind: (it) => it.over && "bad" });
  }
  columns.push(
    column("mean", (it) => it.mean), column("p50", (it) => it.p50), column("p90", (it) => it.p90), column("p95", (it) => it.p95),
    column("p99", (it) => it.p99), column("p99.9", (it) => it.p999), column("max", (it) => it.max),
  );
  const shown = table(caption, columns, all, { titled: !report.stages_left_out, onrow: (it, line) => {
    lines.set(it, line);
    if (it === chosen) line.setAttribute("aria-current", "true");
  } });
  choose(chosen);
  return [scrolling(caption, shown, "sticky list"), detail];
}

function charts(measured, word, report) {
  const what = `${word} ${measured.name}`;
  const facts = [["min", duration(measured.min)], ["mean", duration(measured.mean)], ["p50", duration(measured.p50)], ["p90", duration(measured.p90)], ["p99", duration(measured.p99)], ["p99.9", duration(measured.p999)], ["max", duration(measured.max)], ["count", count(measured.count)]];
  if (word === "stage") facts.push(["errors", count(measured.errors), measured.errors ? "bad" : null]);
  const both = [];
  if (measured.distribution.length) both.push(distribution(measured, report.bins_per_decade, what));
  if (measured.series.length) both.push(overTime(measured, report.time, what));
  else both.push(h("p", { class: "soft" }, "Over time, this page has only what takes the most time."));
  const slowest = measured.slowest && report.traces.some((trace) => trace.id === measured.slowest);
  return h("div", { class: "facts" },
    h("h3", {}, measured.name, slowest ? h("span", {}, " ", h("a", { href: "#trace-" + measured.slowest }, "slowest trace")) : null),
    numbers(facts), h("div", { class: "pair" }, both));
}
