// How elements are made: text is only ever text, nothing is parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") Object.assign(node.style, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
const s = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

const plural = (number, word) => count(number) + " " + word + (number === 1 ? "" : "s");

function count(number) {
  return number.toLocaleString("en-US");
}

// Three digits and the unit that fits, by the same steps as the command takes, so that both round alike.
function duration(time) {
  const nanoseconds = Math.round(time);
  if (nanoseconds < 1000) return nanoseconds + " ns";
  for (const [unit, name] of [[1e3, "µs"], [1e6, "ms"], [1e9, "s"]]) {
    for (const places of [2, 1, 0]) {
      const parts = 10 ** places;
      const digits = Math.floor((nanoseconds * parts) / unit + 0.5);
      if (digits < 1000) return (digits / parts).toFixed(places) + " " + name;
    }
  }
  return count(Math.floor(nanoseconds / 1e9)) + " s";
}

// For the axis: no digits that say nothing.
function tick(nanoseconds) {
  for (const [scale, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]) {
    if (nanoseconds >= scale) return +(nanoseconds / scale).toFixed(2) + " " + unit;
  }
  return nanoseconds + " ns";
}

function amount(number) {
  const size = Math.abs(number);
  const sign = number < 0 ? "−" : "";
  if (!Number.isFinite(number) || size >= 1e15 || (size > 0 && size < 1e-9)) return sign + size.toExponential(3);
  if (size >= 999.95) return sign + count(Math.round(size));
  const before = size === 0 ? 1 : Math.floor(Math.log10(size)) + 1;
  return sign + size.toFixed(Math.min(12, Math.max(1, 4 - before)));
}

const share = (part, whole) => (whole > 0 ? ((part / whole) * 100).toFixed(1).replace("-", "−") + " %" : "–");

// A time of day in UTC, as exact as the step between two of them asks for; with its day where the recording has one time of day twice.
function clock(milliseconds, step) {
  if (!Number.isFinite(milliseconds) || Math.abs(milliseconds) > 8.64e15) return "?";
  const text = new Date(milliseconds).toISOString();
  if (step >= 36e5 * 12 || (clock.days && step >= 6e4)) return text.slice(5, 16).replace("T", " ");
  if (step >= 6e4) return text.slice(11, 16);
  return step >= 1000 ? text.slice(11, 19) : text.slice(11, 23);
}

// When something was, from the time that its line has.
const when = (time) => (clock.days ? time.slice(5, 23).replace("T", " ") : time.slice(11, 23));

// A name, which may break where its words end.
const words = (name) => name.split(/(?<=[_.:/])(?=[^_.:/])/).flatMap((part, place) => (place ? [h("wbr"), part] : [part]));

function card(...children) {
  return h("div", { class: "card" }, children);
}

function numbers(pairs) {
  return h("dl", { class: "numbers" }, pairs.map(([name, value, kind]) => h("div", {}, h("dt", {}, name), h("dd", { class: kind }, value))));
}

function scrolling(label, node, kind) {
  return h("div", { class: "scroll " + (kind || ""), tabindex: 0, role: "region", "aria-label": label }, node);
}

// A table. A column has `name`, `show` (what stands in a cell), and may have `by` (what it is sorted by), `text`, `track`.
function table(caption, columns, rows, options) {
  const { total, onrow, titled } = options || {};
  let order = null;
  const body = h("tbody");
  const heads = columns.map((column) => {
    const head = h("th", { scope: "col", class: column.text && "text" });
    if (column.by) {
      head.append(h("button", { type: "button", onclick: () => sort(column) }, column.name));
    } else head.append(column.name);
    return head;
  });
  function sort(column) {
    order = { name: column.name, down: order && order.name === column.name ? !order.down : !column.text };
    show();
  }
  function show() {
    const column = order && columns.find((it) => it.name === order.name);
    const shown = rows.slice();
    if (column) {
      const sign = order.down ? -1 : 1;
      shown.sort((one, other) => {
        const [a, b] = [column.by(one), column.by(other)];
        return sign * (a < b ? -1 : a > b ? 1 : 0);
      });
    }
    heads.forEach((head, place) => {
      if (order && columns[place].name === order.name) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    body.replaceChildren(...shown.map((row) => {
      const cells = columns.map((column, place) => {
        const kind = column.track ? "track-cell" : column.text ? "text" : column.kind && column.kind(row);
        return place === 0 ? h("th", { scope: "row" }, column.show(row)) : h("td", { class: kind }, column.show(row));
      });
      const line = h("tr", { class: total && total(row) && "total" }, cells);
      if (onrow) onrow(row, line);
      return line;
    }));
  }
  show();
  return h("table", {}, h("caption", { class: titled && "plain" }, caption), h("thead", {}, h("tr", {}, heads)), body);
}

// One of several: radio buttons, which browsers let arrow keys move through.
function choice(label, names, chosen, onchoose) {
  const group = "choice-" + (choice.number = (choice.number || 0) + 1);
  return h("fieldset", { class: "choice" }, h("legend", {}, label), names.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name: group, value, checked: value === chosen, onchange: () => onchoose(value) }), text)));
}

// Bars from `from` to `to`, of a scale from `low` to `high`.
function track(low, high, bars, line) {
  const part = (at) => (high > low ? ((at - low) / (high - low)) * 100 : 0);
  return h("span", { class: "track", "aria-hidden": "true" }, bars.map(({ from, to, kind }) => {
    const [left, right] = [part(Math.min(from, to)), part(Math.max(from, to))].map((at) => Math.min(100, Math.max(0, at)));
    return h("i", { class: kind, style: { left: Math.min(left, 99.5) + "%", width: right - left + "%" } });
  }), line === undefined ? null : h("b", { style: { left: part(line) + "%" } }));
}
