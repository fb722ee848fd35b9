"use strict";
// Lets the trajectories grow, in the colors of the paper; nothing here asks the network.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const scene = read("scene");
  const figure = read("figure");
  const dark = read("dark");
  const night = matchMedia("(prefers-color-scheme: dark)");
  const symbols = [...document.getElementById("symbols").content.querySelectorAll("svg")];
  const [play, slider, now] = ["play", "time", "now"].map((id) => document.getElementById(id));
  const space = document.getElementById("space");
  const last = scene.moments.length - 1;
  const SECONDS = 7; // how long the whole course plays
  const WIDE = 1.38; // how wide the view in space is, at least, for each unit of its height
  const PAD = { left: 44, right: 12, top: 26, bottom: 30 };
  let at = last; // the moment that is shown

  const element = (name, attributes = {}, inside = []) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const minus = (text) => text.replace("-", "\u2212").replace("e+", "e");
  const short = (value) => {
    const rounded = Number(value.toPrecision(3));
    const size = Math.abs(rounded);
    return minus(size && (size < 1e-4 || size >= 1e5) ? rounded.toExponential() : String(rounded));
  };
  const power = (tick) => {
    if (tick >= 9e-4 && tick < 9999) return [String(+tick.toPrecision(2))];
    return ["10", element("tspan", { dy: -5, style: "font-size: 10px" }, [minus(String(Math.round(Math.log10(tick))))])];
  };
  const steps = (low, high, about) => {
    const rough = (high - low) / about;
    const ten = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * ten).find((k) => k >= rough);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
    return found;
  };
  const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low)) * (to - from);
  const count = (track) => {
    const spent = scene.moments[at];
    let low = 1;
    let high = track.evaluations.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      track.evaluations[middle - 1] <= spent ? (low = middle) : (high = middle - 1);
    }
    return low;
  };

  // Everything that stands still is made anew when the page gets another width; only what moves is told a moment.
  const panel = (id, height, x, y, still, lines) => {
    const svg = document.getElementById(id);
    const width = svg.parentElement.clientWidth;
    const size = { width, height: height(width) };
    svg.setAttribute("width", size.width);
    svg.setAttribute("height", size.height);
    const right = x(PAD.left, size.width - PAD.right);
    const up = y(size.height - PAD.bottom, PAD.top);
    const clip = element("clipPath", { id: `${id}-clip` }, [
      element("rect", { x: PAD.left, y: PAD.top, width: width - PAD.left - PAD.right, height: size.height - PAD.top - PAD.bottom }),
    ]);
    const moving = scene.tracks.map((track, k) => {
      const pixels = lines(track).map(([a, b]) => `${right(a).toFixed(1)},${up(b).toFixed(1)}`);
      const drawn = (kind) => element("polyline", { class: `${kind} m${k}`, "data-track": k });
      const head = document.importNode(symbols[k].firstElementChild, true);
      head.dataset.track = k;
      head.append(element("path", { class: "lower", d: "M-3.4 7.6H3.4L0 12Z" }));
      return { pixels, halo: drawn("halo"), line: drawn(`${id === "map" ? "walk" : "curve"} ${symbols[k].lastElementChild.getAttribute("class")}`), head };
    });
    const inside = element("g", { "clip-path": `url(#${id}-clip)` });
    if (id === "map") inside.append(...moving.map((each) => each.halo));
    inside.append(...moving.map((each) => each.line));
    const { under, over } = still(right, up, size);
    svg.replaceChildren(clip, ...under, inside, ...over, ...moving.map((each) => each.head));
    return (of) => {
      moving.forEach(({ pixels, halo, line, head }, k) => {
        const points = pixels.slice(0, of[k]).join(" ");
        line.setAttribute("points", points);
        halo.setAttribute("points", points);
        const [a, b] = pixels[of[k] - 1].split(",").map(Number);
        const inX = Math.min(Math.max(a, PAD.left), size.width - PAD.right);
        const inY = Math.min(Math.max(b, PAD.top), size.height - PAD.bottom);
        head.setAttribute("transform", `translate(${inX},${inY}) scale(1.25)`);
        head.classList.toggle("falls", id === "curves" && b > inY);
      });
    };
  };

  const tint = (k) => `color-mix(in srgb, var(--ridge) ${Math.round((100 * (k + 1)) / scene.contours.length)}%, var(--paper))`;
  const words = (x, y, inside, anchor = "middle") => element("text", { x, y, "text-anchor": anchor }, inside);
  const map = () => {
    const [[left, wide], [low, high]] = scene.box;
    const still = (right, up, size) => {
      const across = size.width - PAD.left - PAD.right;
      const down = size.height - PAD.top - PAD.bottom;
      const shrink = `translate(${PAD.left},${PAD.top}) scale(${across / scene.units},${down / scene.units})`;
      const ground = element("g", { class: "ground", transform: shrink }, scene.contours.map((d, k) => element("path", { d, style: `fill: ${tint(k)}` })));
      const frame = element("rect", { class: "frame", x: PAD.left, y: PAD.top, width: across, height: down });
      const ticks = [
        ...steps(left, wide, 5).map((x) => words(right(x), size.height - PAD.bottom + 18, [minus(String(+x.toPrecision(6)))])),
        ...steps(low, high, 5).map((y) => words(PAD.left - 7, up(y) + 4, [minus(String(+y.toPrecision(6)))], "end")),
      ];
      const place = ([x, y]) => `translate(${right(x)},${up(y)})`;
      const known = Object.entries(scene.known).flatMap(([kind, points]) =>
        points.map((point) => {
          const mark = document.importNode(symbols.map((s) => s.firstElementChild).find((g) => g.getAttribute("class") === kind), true);
          mark.setAttribute("transform", `${place(point)} scale(${1.2 * point[2]})`);
          return mark;
        }),
      );
      const start = element("circle", { class: "start", r: 6, transform: place(scene.start) });
      return { under: [ground, frame, ...ticks], over: [...known, start] };
    };
    return panel("map", (width) => width - PAD.left - PAD.right + PAD.top + PAD.bottom, (a, b) => scale(left, wide, a, b), (a, b) => scale(low, high, a, b), still, (track) => track.points);
  };
  const curves = () => {
    const [low, high] = scene.axis.map(Math.log10);
    const still = (right, up, size) => {
      const powers = scene.ticks.map(Math.log10);
      const floor = size.height - PAD.bottom;
      const below = floor + (scene.tracks.some((track) => track.heights.some((height) => height < scene.axis[0])) ? 27 : 18);
      return {
        under: [
          ...powers.map((k) => element("line", { class: "grid", x1: PAD.left, x2: size.width - PAD.right, y1: up(k), y2: up(k) })),
          ...scene.ticks.map((tick) => words(PAD.left - 7, up(Math.log10(tick)) + 4, power(tick), "end")),
          ...steps(0, scene.steps, 4).map((x) => words(right(x), below, [String(x)])),
          words(PAD.left, 14, [scene.above], "start"),
          element("line", { class: "frame", x1: PAD.left, x2: size.width - PAD.right, y1: floor, y2: floor }),
        ],
        over: [],
      };
    };
    const height = (width) => (width < 460 ? width * 0.8 : width - PAD.left - PAD.right + PAD.top + PAD.bottom);
    const points = (track) => track.heights.map((value, k) => [track.evaluations[k], Math.log10(value)]);
    return panel("curves", height, (a, b) => scale(0, scene.steps, a, b), (a, b) => scale(low, high, a, b), still, points);
  };

  let move = [];
  const rows = [...document.querySelectorAll(".courses tbody tr")];
  const tell = (of) => {
    scene.tracks.forEach((track, k) => {
      const over = track.ended && of[k] === track.points.length && (at === last || scene.moments[at] > track.evaluations[of[k] - 1]);
      rows[k].querySelector(".value").textContent = over ? track.ended : short(track.values[of[k] - 1]);
      rows[k].querySelector("td.spent").textContent = String(track.evaluations[of[k] - 1]);
    });
    now.textContent = `evaluation ${Math.round(scene.moments[at])} of ${scene.steps}`;
    slider.value = at;
  };
  let turned = 0;
  let waiting = 0;
  let inView = true;
  const turn = (of) => {
    turned = performance.now();
    const first = full.length - 2 * of.length; // before the courses stand the ground and what is known of it
    const parts = of.flatMap((count, k) => {
      const [line, { heads }] = full.slice(first + 2 * k);
      const way = Object.fromEntries(["x", "y", "z"].map((axis) => [axis, line[axis].slice(0, line.reached[count - 1])]));
      const [x, y, z] = heads[count - 1];
      return [way, { x: [x], y: [y], z: [z] }];
    });
    const told = Object.fromEntries(["x", "y", "z"].map((axis) => [axis, parts.map((part) => part[axis])]));
    Plotly.restyle(space, told, parts.map((_, k) => first + k));
  };
  const show = (moment, settled) => {
    at = Math.min(Math.max(moment, 0), last);
    const of = scene.tracks.map(count);
    for (const each of move) each(of);
    tell(of);
    clearTimeout(waiting);
    if (!space.data) return;
    if (!settled && inView && performance.now() - turned > 250) turn(of);
    if (settled) waiting = setTimeout(() => turn(of), 80); // a key that is held down asks often
  };

  let playing = 0;
  const stop = () => {
    cancelAnimationFrame(playing);
    playing = 0;
    play.textContent = "Play";
    show(at, true);
  };
  const start = () => {
    const from = at === last ? 0 : at;
    let begun = 0;
    play.textContent = "Pause";
    const tick = (time) => {
      begun = begun || time;
      const moment = from + Math.floor(((time - begun) / 1000 / SECONDS) * last);
      show(moment, false);
      if (moment >= last) stop();
      else playing = requestAnimationFrame(tick);
    };
    playing = requestAnimationFrame(tick);
  };
  play.addEventListener("click", () => (playing ? stop() : start()));
  slider.max = last;
  slider.addEventListener("input", () => {
    const moment = Number(slider.value);
    if (playing) stop();
    show(moment, true);
  });

  for (const row of rows) {
    const others = () => document.querySelectorAll(`.panel [data-track]:not([data-track="${row.dataset.track}"])`);
    row.addEventListener("pointerenter", () => others().forEach((each) => each.classList.add("faded")));
    row.addEventListener("pointerleave", () => others().forEach((each) => each.classList.remove("faded")));
  }

  // The numbers of a figure may come packed; plotly unpacks them when it draws, and these are the whole courses.
  let full = [];
  const inked = () => {
    const text = JSON.stringify(figure);
    return JSON.parse(night.matches ? text.replace(/#[0-9a-f]{6}/g, (c) => dark[c] || c) : text);
  };
  const inSpace = async () => {
    const { data, layout } = inked();
    layout.height = space.clientHeight;
    const back = Math.max(1, WIDE / (space.clientWidth / space.clientHeight)); // on a narrow screen from further off
    for (const axis of ["x", "y", "z"]) layout.scene.camera.eye[axis] *= back;
    if (back > 1) layout.font.size = 10;
    await Plotly.react(space, data, layout, { displaylogo: false, displayModeBar: false, responsive: true, scrollZoom: false });
    full = space._fullData.map(({ x, y, z, meta }) => ({ x: [...x], y: [...y], z: [...z], ...meta }));
    space.classList.add("drawn");
    if (at !== last) show(at, true);
  };
  const layOut = () => {
    move = [map(), curves()];
    show(at, false);
  };
  layOut();
  new IntersectionObserver((entries) => (inView = entries.at(-1).isIntersecting)).observe(space);
  new ResizeObserver(() => layOut()).observe(document.querySelector(".panels"));
  night.addEventListener("change", inSpace);
  matchMedia("(max-width: 46rem)").addEventListener("change", inSpace);
  inSpace();
})();
