// The page: its sections, from the data beside it.

function overview(report) {
  const { totals } = report;
  const [accepted, decided] = [totals.accepted, totals.accepted + totals.rejected];
  const paths = [];
  for (const path of report.paths) {
    const whole = path.hops.find((hop) => hop.name === "end_to_end");
    if (whole) paths.push([`${path.name}: end to end`, duration(whole.p50), `p99 ${duration(whole.p99)}`]);
  }
  const nets = report.edges.filter((edge) => edge.accepted.all).map((edge) => [`net of ${edge.name}, accepted`, amount(edge.accepted.net), edge.unit || ""]);
  // Of many paths and edges the first have a tile; what is said of the whole always has one.
  const room = decided ? 7 : 8;
  const tiles = [
    ["spans", count(totals.spans), plural(report.stages.length + report.stages_left_out, "stage")],
    ["errors", count(totals.errors), `${share(totals.errors, totals.spans)} of spans`],
    ...paths.slice(0, room),
    ...(decided ? [["edges accepted", count(accepted), `of ${count(decided)}`]] : []),
    ...nets.slice(0, Math.max(0, room - paths.length)),
    ["time", span(report.took), report.from ? `from ${report.from.slice(0, 19).replace("T", " ")} UTC` : ""],
    ["damaged", count(report.damaged), report.damaged ? "see losses" : "nothing"],
  ];
  return [h("dl", { class: "tiles" }, tiles.map(([name, value, more]) =>
    h("div", { class: "tile" }, h("dt", {}, name), h("dd", { class: (name === "damaged" && report.damaged) || (name === "errors" && totals.errors) ? "bad" : null }, value, h("small", {}, more)))))];
}

function losses(report) {
  const found = report.losses.filter((loss) => loss.count);
  const parts = [];
  if (!found.length && !report.damaged) parts.push(h("p", {}, "Nothing is damaged, and nothing is known to be missing."));
  if (found.length) {
    const most = Math.max(...found.map((loss) => loss.count));
    parts.push(scrolling("What is missing", table("What is missing or could not be read", [
      { name: "what", text: true, show: (loss) => loss.what },
      { name: "count", show: (loss) => count(loss.count) },
      { name: "means", text: true, show: (loss) => loss.means },
    ], found.filter(() => most))));
  }
  if (report.damage.length) {
    const more = report.damaged - report.damage.length;
    parts.push(scrolling("Damage", table(`Where it is damaged${more ? `, the first ${report.damage.length} of ${count(report.damaged)}` : ""}`, [
      { name: "where, and what", text: true, show: (it) => h("span", { class: "mono" }, it) },
    ], report.damage)));
  }
  const lines = h("details", {}, h("summary", {}, "Lines by type"), scrolling("Lines by type", table("Lines that were read", [
    { name: "type", text: true, show: ([type]) => type },
    { name: "lines", show: ([, number]) => count(number) },
  ], report.lines)));
  return [card(parts, lines)];
}

const SECTIONS = [
  ["overview", "Overview", null, overview, () => true],
  ["latency", "Latency", "Choose a row for its distribution and how it went over time. Times are in UTC.", latency, (report) => report.paths.length || report.stages.length],
  ["edges", "Edges", "What trades would have gained, and what ate it.", edges, (report) => report.edges.length],
  ["traces", "Traces", "A bounded number of traces is kept: the slowest, the last that failed, those of the best and worst edges, and a sample of all.", traces, () => true],
  ["losses", "Losses", null, losses, () => true],
];

function theme() {
  const select = document.getElementById("theme");
  select.addEventListener("change", () => {
    if (select.value) document.documentElement.dataset.theme = select.value;
    else delete document.documentElement.dataset.theme;
  });
}

// Marks the section that is being read.
function follow(links) {
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const [id, link] of links) {
        if (id === entry.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const [id] of links) watcher.observe(document.getElementById(id));
}

function start() {
  const report = JSON.parse(document.getElementById("data").textContent);
  clock.days = report.took >= 864e5;
  const links = new Map();
  theme();
  for (const [id, title, lead, make, is] of SECTIONS) {
    if (!is(report)) continue;
    const heading = h("h2", { id: id + "-title", class: id === "overview" && "hidden" }, title);
    const section = h("section", { id, "aria-labelledby": id + "-title" }, heading, lead && h("p", { class: "lead" }, lead));
    document.getElementById("main").append(section);
    section.append(...[make(report)].flat(3).filter(Boolean));
    links.set(id, h("a", { href: "#" + id }, title));
    document.getElementById("sections").append(h("li", {}, links.get(id)));
  }
  follow(links);
  const from = report.services.length ? `${report.services.join(", ")} · ${plural(report.processes, "process")}`.replace("processs", "processes") : "";
  document.getElementById("footer").append(
    h("p", {}, [from, report.from && `${report.from} to ${report.until}`].filter(Boolean).join(" · ")),
    h("p", {}, `Made by tickspan ${report.version}. Percentiles are at most 0.1 % from what was measured; over time, at most 7 %.`),
  );
}

start();
