"use strict";
// Tells the values of all runs under the pointer. Points carry theirs; those of lines are read off the drawing.
(() => {
  const tip = document.getElementById("tip");
  const paths = new WeakMap();
  const several = document.querySelectorAll('thead th[data-run="1"]').length > 0;

  function points(path) {
    if (!paths.has(path)) {
      const numbers = (path.getAttribute("d").match(/-?[\d.]+/g) || []).map(Number);
      const list = [];
      for (let i = 0; i + 1 < numbers.length; i += 2) list.push([numbers[i], numbers[i + 1]]);
      paths.set(path, list);
    }
    return paths.get(path);
  }

  function scale(text, from, to) {
    const [low, high, kind] = text.split(" ");
    const [a, b] = [Number(low), Number(high)];
    return (at) => {
      const share = (at - from) / (to - from);
      return kind === "log" ? a * Math.pow(b / a, share) : a + share * (b - a);
    };
  }

  function number(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e4) return value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 4 });
    return size < 1e-3 ? value.toExponential(2) : value.toPrecision(4);
  }

  function position(unit, x) {
    return unit === "step" || unit === "position" ? Math.round(x).toLocaleString("en") : unit === "tokens" ? Math.round(x).toLocaleString("en", { notation: "compact", maximumSignificantDigits: 4 }) : number(x);
  }

  function nearest(list, x) {
    let best = null;
    for (const point of list) {
      if (best === null || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
    }
    return best;
  }

  function values(svg, group, x, xAt, yAt) {
    const dots = [...group.querySelectorAll("circle.dot:not(.earlier)")];
    if (dots.length > 0) {
      const all = dots.map((dot) => [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy")), dot.dataset]);
      const [cx, cy, data] = nearest(all, x);
      return { cx, cy, x: Number(data.x), text: number(Number(data.y)) };
    }
    const line = group.querySelector("path.line");
    const found = line && nearest(points(line), x);
    if (!found) return null;
    const raw = group.querySelector("path.raw");
    const around = raw ? points(raw).filter((point) => Math.abs(point[0] - found[0]) <= 0.6).map((point) => yAt(point[1])) : [];
    const spread = around.length > 1 ? [Math.min(...around), Math.max(...around)].map(number).join(" to ") : "";
    return { cx: found[0], cy: found[1], x: xAt(found[0]), text: number(yAt(found[1])), spread };
  }

  function clear(svg) {
    svg.querySelectorAll(".cursor, .spot").forEach((element) => element.remove());
    tip.hidden = true;
  }

  function draw(parent, name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
  }

  function show(svg, event) {
    clear(svg);
    const [left, top, right, bottom] = svg.dataset.frame.split(" ").map(Number);
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    if (x < left - 8 || x > right + 8) return;
    const xAt = scale(svg.dataset.x, left, right);
    const yAt = scale(svg.dataset.y, bottom, top);
    const rows = [];
    for (const group of svg.querySelectorAll("g.run")) {
      if (getComputedStyle(group).display === "none") continue;
      const found = values(svg, group, x, xAt, yAt);
      if (found) rows.push({ run: group.dataset.run, ...found });
    }
    if (rows.length === 0) return;
    rows.sort((a, b) => Math.abs(a.cx - x) - Math.abs(b.cx - x));
    draw(svg, "line", { class: "cursor", x1: rows[0].cx, x2: rows[0].cx, y1: top, y2: bottom });
    tip.replaceChildren();
    const head = document.createElement("small");
    head.textContent = svg.dataset.unit + " " + position(svg.dataset.unit, rows[0].x);
    tip.append(head);
    // A run that has ended before the pointer says nothing of it.
    for (const row of rows.filter((row) => Math.abs(row.cx - rows[0].cx) < 12).sort((a, b) => a.cy - b.cy)) {
      draw(svg, "circle", { class: "spot", "data-run": row.run, cx: row.cx, cy: row.cy, r: 4 });
      const line = document.createElement("div");
      line.dataset.run = row.run;
      const name = document.querySelector('th[data-run="' + row.run + '"]').textContent;
      const small = document.createElement("small");
      small.textContent = (row.spread ? " (" + row.spread + ")" : "") + (several ? "  " + name : "");
      line.append(document.createElement("i"), row.text, small);
      tip.append(line);
    }
    tip.hidden = false;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    const besides = event.pageX + 16 > room ? event.pageX - tip.offsetWidth - 12 : event.pageX + 16;
    tip.style.left = Math.max(4, Math.min(room, besides)) + "px";
    tip.style.top = event.pageY + 14 + "px";
  }

  for (const svg of document.querySelectorAll("svg.chart")) {
    svg.addEventListener("pointermove", (event) => show(svg, event));
    svg.addEventListener("pointerdown", (event) => show(svg, event));
    svg.addEventListener("pointerleave", () => clear(svg));
  }
})();
