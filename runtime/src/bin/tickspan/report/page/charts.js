// Charts of durations: how they are distributed, and how they went over time. Each can be read by keyboard, as a slider
// through its points, and as a table.

const PAD = { left: 52, right: 12, top: 18, bottom: 22 };

// Draws again whenever the width changes. `draw(width)` gives an SVG, the places of its points and where the cursor stands.
function plot(label, height, points, draw) {
  const readout = h("output", { class: "readout" });
  const box = h("div", {
    class: "plot", tabindex: 0, role: "slider", "aria-label": label,
    "aria-valuemin": 1, "aria-valuemax": points.length, "aria-orientation": "horizontal",
    style: { minHeight: height + "px" },
  });
  let [at, xs, cursor, width] = [-1, [], null, 0];
  function go(place) {
    at = Math.max(0, Math.min(points.length - 1, place));
    box.setAttribute("aria-valuenow", at + 1);
    box.setAttribute("aria-valuetext", points[at].text);
    readout.textContent = points[at].text;
    if (cursor) {
      cursor.setAttribute("x1", xs[at]);
      cursor.setAttribute("x2", xs[at]);
      cursor.removeAttribute("visibility");
    }
  }
  function redraw() {
    width = box.clientWidth;
    if (width < 80) return;
    const drawn = draw(width);
    xs = drawn.xs;
    cursor = s("line", { class: "cursor", y1: PAD.top, y2: height - PAD.bottom, visibility: "hidden" });
    drawn.svg.append(cursor);
    box.replaceChildren(drawn.svg);
    if (at >= 0) go(at);
  }
  box.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    go(at < 0 ? (event.key === "End" ? points.length - 1 : 0) : at + steps[event.key]);
  });
  box.addEventListener("pointermove", (event) => {
    const x = event.clientX - box.getBoundingClientRect().left;
    let nearest = 0;
    xs.forEach((place, index) => {
      if (Math.abs(place - x) < Math.abs(xs[nearest] - x)) nearest = index;
    });
    go(nearest);
  });
  box.setAttribute("aria-valuenow", 1);
  box.setAttribute("aria-valuetext", points[0].text);
  new ResizeObserver(() => box.clientWidth !== width && redraw()).observe(box);
  return [box, readout];
}

function frame(width, height) {
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
}

function text(x, y, words, anchor, kind) {
  return s("text", { x, y, "text-anchor": anchor || "middle", class: kind }, words);
}

const rule = (x1, y1, x2, y2, kind) => s("line", { x1, y1, x2, y2, class: kind });

// The powers of ten in a range of durations, or less of them.
function decades(low, high, most) {
  const all = [];
  for (let power = Math.ceil(Math.log10(low) - 1e-9); power <= Math.log10(high) + 1e-9; power += 1) all.push(10 ** power);
  if (all.length < 2) {
    for (const factor of [2, 5]) {
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
        const value = factor * 10 ** power;
        if (value >= low && value <= high) all.push(value);
      }
    }
    all.sort((one, other) => one - other);
  }
  const step = Math.ceil(all.length / most);
  return all.filter((_, place) => place % step === 0);
}

function distribution(measured, perDecade, what) {
  const bins = measured.distribution;
  const [first, last] = [bins[0][0], bins[bins.length - 1][0] + 1];
  const edge = (bin) => 10 ** (bin / perDecade);
  const most = Math.max(...bins.map(([, number]) => number));
  const points = bins.map(([bin, number]) => ({
    text: `${duration(edge(bin))} to ${duration(edge(bin + 1))}: ${count(number)} (${share(number, measured.count)})`,
  }));
  const height = 250;
  return figure(`Distribution of durations, ${what}`, [], plot(`Distribution of ${what}`, height, points, (width) => {
    const svg = frame(width, height);
    const [low, high] = [first - 1, last + 1];
    const x = (bin) => PAD.left + ((bin - low) / (high - low)) * (width - PAD.left - PAD.right);
    const base = height - PAD.bottom;
    const top = Math.log10(most + 1);
    const y = (number) => base - (Math.log10(number + 1) / top) * (base - PAD.top - 16);
    for (const number of decades(1, most, 5)) {
      svg.append(rule(PAD.left, y(number), width - PAD.right, y(number), "grid"), text(PAD.left - 6, y(number) + 4, short(number), "end"));
    }
    for (const value of decades(edge(low), edge(high), Math.max(2, Math.floor(width / 80)))) {
      const at = x(Math.log10(value) * perDecade);
      svg.append(rule(at, base, at, base + 4, "grid"), text(at, height - 5, tick(value)));
    }
    for (const [bin, number] of bins) {
      svg.append(s("rect", { class: "bar", x: x(bin) + 0.5, y: y(number), width: Math.max(1, x(bin + 1) - x(bin) - 1), height: base - y(number) }));
    }
    svg.append(rule(PAD.left, base, width - PAD.right, base, "grid"));
    let free = -Infinity;
    for (const [name, value] of [["p50", measured.p50], ["p99", measured.p99], ["p99.9", measured.p999]]) {
      const at = x(Math.log10(Math.max(1, value)) * perDecade);
      svg.append(rule(at, PAD.top, at, base, "mark"));
      if (at - free > 30) {
        svg.append(text(at, PAD.top - 5, name, "middle", "marked"));
        free = at;
      }
    }
    return { svg, xs: bins.map(([bin]) => x(bin + 0.5)) };
  }), () => table("Durations and how many there were", [
    { name: "from", show: ([bin]) => duration(edge(bin)) },
    { name: "to", show: ([bin]) => duration(edge(bin + 1)) },
    { name: "count", show: ([, number]) => count(number) },
    { name: "part", show: ([, number]) => share(number, measured.count) },
  ], bins));
}

// A count in little room: `3.5k`.
function short(number) {
  for (const [scale, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (number >= scale) return +(number / scale).toFixed(1) + unit;
  }
  return String(number);
}

// Steps of a clock, in milliseconds.
const STEPS = [1e-3, 1e-2, 0.1, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 2592e6, 7776e6, 31536e6];

function overTime(measured, time, what) {
  const series = measured.series;
  const start = (piece) => time.begin + piece * time.width;
  const points = series.map(([piece, number, errors, p50, p99, max]) => ({
    text: `${clock(start(piece), time.width)}: p50 ${duration(p50)}, p99 ${duration(p99)}, max ${duration(max)}, ${count(number)}` + (errors ? `, ${plural(errors, "error")}` : ""),
  }));
  const height = 250;
  const counts = 42;
  const legend = [["p50", "p50"], ["p99", "p99"], ["max", "max"], ["bar", "count"]];
  if (measured.errors) legend.push(["bar bad", "errors"]);
  if (measured.budget) legend.push(["budget", "budget"]);
  return figure(`Over time, each ${span(time.width)}, ${what}`, legend, plot(`Over time, ${what}`, height, points, (width) => {
    const svg = frame(width, height);
    const base = height - PAD.bottom;
    const floor = base - counts - 8;
    const values = series.flatMap(([, , , p50, , max]) => [Math.max(1, p50), Math.max(1, max)]);
    if (measured.budget) values.push(measured.budget);
    const [low, high] = [Math.min(...values) * 0.8, Math.max(...values) * 1.25];
    const y = (value) => floor - ((Math.log10(Math.max(1, value)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))) * (floor - PAD.top);
    const x = (piece) => PAD.left + (piece / Math.max(1, time.pieces)) * (width - PAD.left - PAD.right);
    for (const value of decades(low, high, 5)) {
      svg.append(rule(PAD.left, y(value), width - PAD.right, y(value), "grid"), text(PAD.left - 6, y(value) + 4, tick(value), "end"));
    }
    times(svg, time, width, base, height, x);
    const most = Math.max(...series.map(([, number]) => number));
    for (const [piece, number, errors] of series) {
      const bar = (kind, size) => s("rect", { class: kind, x: x(piece) + 0.25, width: Math.max(1, x(piece + 1) - x(piece) - 0.5), y: base - size, height: size });
      svg.append(bar("count", Math.max(1, (number / most) * counts)));
      if (errors) svg.append(bar("bar bad", Math.max(1.5, (errors / most) * counts)));
    }
    svg.append(rule(PAD.left, base, width - PAD.right, base, "grid"), text(PAD.left - 6, base - counts + 9, short(most), "end"));
    const middle = (piece) => x(piece + 0.5);
    for (const [piece, , , , , max] of series) svg.append(s("circle", { class: "max", cx: middle(piece), cy: y(max), r: 1.7 }));
    if (measured.budget) svg.append(rule(PAD.left, y(measured.budget), width - PAD.right, y(measured.budget), "budget"));
    for (const [place, kind] of [[4, "p99"], [3, "p50"]]) line(svg, series, place, kind, middle, y);
    return { svg, xs: series.map(([piece]) => middle(piece)) };
  }), () => table("What was measured over time", [
    { name: "from", show: ([piece]) => clock(start(piece), time.width) },
    { name: "count", show: (it) => count(it[1]) },
    { name: "errors", show: (it) => count(it[2]) },
    { name: "p50", show: (it) => duration(it[3]) },
    { name: "p99", show: (it) => duration(it[4]) },
    { name: "max", show: (it) => duration(it[5]) },
  ], series));
}

// A line through the pieces that lie beside each other, a dot where one lies alone.
function line(svg, series, place, kind, x, y) {
  let run = [];
  const end = () => {
    if (run.length === 1) svg.append(s("circle", { class: kind + " dot", cx: run[0][0], cy: run[0][1], r: 2.2 }));
    else if (run.length) svg.append(s("path", { class: kind, d: "M" + run.map((point) => point.map((it) => it.toFixed(1)).join(" ")).join("L") }));
    run = [];
  };
  let before = null;
  for (const it of series) {
    if (before !== null && it[0] > before + 1) end();
    run.push([x(it[0]), y(it[place])]);
    [before] = it;
  }
  end();
}

// The axis of time.
function times(svg, time, width, base, height, x) {
  const whole = time.width * time.pieces;
  const room = Math.max(2, Math.floor((width - PAD.left) / 95));
  const step = STEPS.find((it) => whole / it <= room) || whole;
  let at = Math.ceil(time.begin / step) * step;
  for (let number = 0; number <= room && at <= time.begin + whole; number += 1, at += step) {
    const place = x((at - time.begin) / time.width);
    svg.append(rule(place, base, place, base + 4, "grid"), text(Math.min(place, width - 32), height - 5, clock(at, step)));
  }
}

// A span of time in words: `16.4 ms`, `71.6 min`, `3.0 days`.
function span(milliseconds) {
  for (const [least, unit, name] of [[1728e5, 864e5, "days"], [72e5, 36e5, "h"], [1e6, 6e4, "min"]]) {
    if (milliseconds >= least) return (milliseconds / unit).toFixed(1) + " " + name;
  }
  return duration(milliseconds * 1e6);
}

function figure(title, legend, drawn, asTable) {
  const details = h("details", {}, h("summary", {}, "As a table"));
  // Made when it is asked for: a page has hundreds.
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(scrolling(title, asTable()));
  });
  return h("figure", {}, h("h4", {}, title), legend.length ? h("p", { class: "legend" }, legend.map(([kind, name]) => h("span", {}, sample(kind), name))) : null, drawn, details);
}

function sample(kind) {
  const svg = s("svg", { viewBox: "0 0 20 10", "aria-hidden": "true" });
  if (kind === "max") svg.append(s("circle", { class: kind, cx: 10, cy: 5, r: 2.5 }));
  else if (kind.startsWith("bar")) svg.append(s("rect", { class: kind === "bar" ? "count" : kind, x: 5, y: 0, width: 10, height: 10 }));
  else svg.append(s("line", { class: kind, x1: 0, x2: 20, y1: 5, y2: 5 }));
  return h("span", { class: "plot", style: { display: "inline" } }, svg);
}
