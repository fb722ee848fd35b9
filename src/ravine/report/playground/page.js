// The page: what is set, what follows from it, and the hands that move it.

const find = (id) => document.getElementById(id);
const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const methodOf = (name) => METHODS.find((method) => method.name === name);
const surfaceOf = (name) => SURFACES.find((surface) => surface.name === name);
const BUDGET = 200;
const LEAST_NOISE = -3;

const state = {};
let shown = []; // the methods that are ticked, with their courses
let scale = null;
let playing = false;
let before = 0;
let told = 0; // when the step was last told of: while playing, no eye follows more
const tuned = new Map(); // lr by surface and method, at the usual start

function defaults() {
  const surface = SURFACES[0];
  return {
    surface: surface.name, start: [...surface.start], budget: BUDGET, at: BUDGET, noise: 0, seed: 0, speed: 25,
    chosen: KNOWN.first[KNOWN.first.length - 1], same: null, on: new Set(KNOWN.first), fields: {},
  };
}

const world = () => ({ surface: surfaceOf(state.surface), noise: state.noise, seed: state.seed, budget: state.budget });
const calm = (surface) => ({ surface, noise: 0, seed: 0, budget: BUDGET });

function valuesOf(rule) {
  return Object.fromEntries(Object.entries(rule.fields).map(([name, known]) => [name, known.value]));
}

// The lr of a method alone on a surface, from where one usually starts there.
function usual(surface, method) {
  const name = `${surface.name} ${method.name}`;
  if (!tuned.has(name)) {
    const players = [{ rule: method.rule, fields: valuesOf(method.rule) }];
    tuned.set(name, tune(calm(surface), players, [...surface.start]));
  }
  return tuned.get(name);
}

// The one lr that serves those who are ticked best, from there.
function usualForAll(surface) {
  const players = METHODS.filter(({ name }) => state.on.has(name)).map(({ rule }) => ({ rule, fields: valuesOf(rule) }));
  const name = `${surface.name} all ${[...state.on].sort()}`;
  if (!tuned.has(name)) tuned.set(name, players.length ? tune(calm(surface), players, [...surface.start]) : 0.01);
  return tuned.get(name);
}

function fieldsOf(method) {
  const fields = state.fields[method.name];
  return state.same === null ? fields : { ...fields, lr: state.same };
}

function prepare(method) {
  if (!state.fields[method.name]) state.fields[method.name] = { ...valuesOf(method.rule), lr: usual(world().surface, method) };
}

// Follows everybody who is ticked; all pictures come from this.
function recompute() {
  const here = world();
  shown = METHODS.filter(({ name }) => state.on.has(name)).map((method) => {
    prepare(method);
    return { method, course: follow(method.rule, fieldsOf(method), here, state.start) };
  });
  scale = null;
  refresh();
}

let asked = 0;
function refresh() {
  if (!asked) asked = requestAnimationFrame(frame);
}

function frame(now) {
  asked = 0;
  if (playing) {
    state.at = Math.min(state.at + (Math.min(now - before, 100) / 1000) * state.speed, state.budget);
    before = now;
    if (state.at >= state.budget) pause();
    else refresh();
  }
  draw();
}

function draw() {
  const { surface } = world();
  const at = Math.floor(state.at);
  const chart = find("chart");
  scale ??= scaleOf(surface, shown, chart.clientWidth, chart.clientHeight);
  const { brush, view } = drawTracks(find("tracks"), surface, shown, at, state.chosen, playing);
  drawChart(chart, surface, shown, at, state.budget, state.chosen, scale, playing);
  if (!playing || before - told > 250) drawAnatomy(brush, view);
  write(at);
}

// Shows the step that has just been made, or before the first the one that comes.
function drawAnatomy(brush, view) {
  told = performance.now();
  const here = world();
  const found = shown.find(({ method }) => method.name === state.chosen);
  const lens = find("lens");
  if (!found) {
    drawLens(lens, here.surface, null, null);
    writeWords({ sentence: "Tick this method to see its steps.", rows: [] });
    return;
  }
  const { method, course } = found;
  const made = Math.floor(Math.floor(state.at) / course.per);
  const isOver = course.outcome !== "finished" && made > course.when;
  const seen = anatomy(method.rule, fieldsOf(method), here, state.start, Math.max(1, isOver ? course.when : made));
  if (!playing && isWhole(seen) && state.at < state.budget && !isOver) drawStep(brush, method, seen, ([x, y]) => toScreen(view, x, y), 46);
  drawLens(lens, here.surface, method, seen);
  writeWords(tell(here, method, seen, made === 0));
}

function writeWords({ sentence, rows }) {
  const text = [sentence, ...rows.flat()].join("|");
  if (find("words").dataset.text === text) return;
  find("words").dataset.text = text;
  find("words").replaceChildren(element("p", sentence), ...rows.map(([name, numbers, more]) => {
    const row = element("p", "");
    row.className = `row of-${name}`;
    const cell = element("span", `${numbers} `);
    cell.append(element("i", more));
    row.append(element("b", name), " ", cell);
    row.style.setProperty("--method", ink(methodOf(state.chosen).color));
    return row;
  }));
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function standing(course, at, lowest) {
  const k = reachedBy(course, at) - 1;
  const isOver = Math.floor(at / course.per) >= course.when;
  const after = `${course.when * course.per} evaluation${course.when * course.per === 1 ? "" : "s"}`;
  if (course.outcome === "diverged" && isOver) return `diverged after ${after}`;
  if (course.outcome === "left" && isOver) return `left the box, height ${short(course.values[k] - lowest)}`;
  return `height ${short(course.values[k] - lowest)}`;
}

// Writes what changes while time goes by.
function write(at) {
  const lowest = lowestOf(world().surface);
  for (const { method, course } of shown) {
    const card = cardOf(method);
    const text = standing(course, at, lowest);
    say(card.result, text);
    card.element.classList.toggle("lost", text.startsWith("diverged"));
  }
  find("at").value = at;
  find("at").style.setProperty("--share", at / state.budget);
  say(find("clock"), `${at} of ${state.budget}`);
}

// --- What is set, shown in the controls -----------------------------------------------------------------------------

const cards = new Map();
function cardOf(method) {
  if (!cards.has(method.name)) {
    const element = document.querySelector(`article[data-method="${method.name}"]`);
    cards.set(method.name, { element, result: element.querySelector(".result"), slides: [...element.querySelectorAll(".slide")] });
  }
  return cards.get(method.name);
}

const clean = (value) => Number(value.toPrecision(3));
const SLIDES = {
  lr: { place: (value, center) => Math.log10(value / center), value: (place, center) => clean(center * 10 ** place) },
  near_one: { place: (value) => -Math.log10(1 - value), value: (place) => Number((1 - clean(10 ** -place)).toPrecision(12)) },
  log: { place: Math.log10, value: (place) => clean(10 ** place) },
  noise: { place: (value) => (value > 0 ? Math.log10(value) : -99), value: (place) => (place < LEAST_NOISE ? 0 : clean(10 ** place)) },
};

// Puts a value into a slider and the box beside it.
function show(slide, value, center) {
  const [range, box] = slide.querySelectorAll("input");
  if (slide.dataset.kind === "box") {
    if (document.activeElement !== range) range.value = value;
    return;
  }
  range.value = SLIDES[slide.dataset.kind].place(value, center);
  range.style.setProperty("--share", (range.value - range.min) / (range.max - range.min));
  range.setAttribute("aria-valuetext", short(value));
  if (document.activeElement !== box) box.value = value;
  box.classList.remove("wrong");
  slide.classList.toggle("tuned", value === center);
}

function showAll() {
  const { surface } = world();
  find("surface").value = state.surface;
  each(".story", (story) => (story.hidden = story.dataset.surface !== state.surface));
  each(".rule", (rule) => (rule.hidden = rule.dataset.method !== state.chosen));
  each(".tick input", (tick) => (tick.checked = state.on.has(tick.value)));
  for (const method of METHODS) {
    const { element, slides } = cardOf(method);
    element.hidden = !state.on.has(method.name);
    element.classList.toggle("chosen", method.name === state.chosen);
    if (element.hidden) continue;
    prepare(method);
    for (const slide of slides) {
      slide.hidden = state.same !== null && slide.dataset.field === "lr";
      const isLr = slide.dataset.kind === "lr";
      show(slide, state.fields[method.name][slide.dataset.field], isLr ? usual(surface, method) : undefined);
    }
  }
  showWorld(surface);
  placeHandle();
}

function showWorld(surface) {
  find("chosen").value = state.chosen;
  find("budget").value = state.budget;
  find("speed").value = state.speed;
  find("at").max = state.budget;
  find("same").checked = state.same !== null;
  find("every").hidden = state.same === null;
  if (state.same !== null) show(find("every").querySelector(".slide"), state.same, usualForAll(surface));
  show(find("noise"), state.noise, undefined);
  find("reseed").disabled = state.noise === 0;
  say(find("fairness"), state.same === null
    ? "Each method has the lr that suits it, tuned with the same effort."
    : "Unfair: methods need different lr, so this shows who is lucky with that one.");
  const starts = [surface.start, ...surface.otherStarts];
  find("starts").hidden = starts.length < 2;
  find("starts").replaceChildren("start ", ...starts.map((start, i) => startButton(start, i)));
}

function startButton(start, i) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = i ? `${i + 1}` : "usual";
  button.setAttribute("aria-label", `Start at ${pair(...start)}`);
  button.addEventListener("click", () => moveStart([...start]));
  return button;
}

// --- Time -----------------------------------------------------------------------------------------------------------

function play() {
  if (state.at >= state.budget) state.at = 0;
  playing = true;
  before = performance.now();
  showPlaying();
  refresh();
}

function pause() {
  playing = false;
  state.at = Math.floor(state.at);
  showPlaying();
  remember();
  refresh();
}

function showPlaying() {
  find("play").classList.toggle("playing", playing);
  find("words").setAttribute("aria-live", playing ? "off" : "polite");
  say(find("play").querySelector("span"), playing ? "Pause" : "Play");
}

// One step of the method whose step is shown: as many evaluations as that takes.
function step() {
  const found = shown.find(({ method }) => method.name === state.chosen);
  const per = found ? found.course.per : 1;
  playing = false;
  const at = Math.floor(state.at);
  state.at = at >= state.budget ? per : Math.min(state.budget, (Math.floor(at / per) + 1) * per);
  pause();
}

function restart() {
  state.at = 0;
  if (playing) before = performance.now();
  remember();
  refresh();
}

// --- The start ------------------------------------------------------------------------------------------------------

function placeHandle() {
  const { surface } = world();
  const map = find("map");
  const view = viewOf(surface, map.clientWidth, map.clientHeight);
  const [a, b] = toScreen(view, ...state.start);
  const handle = find("handle");
  handle.style.left = `${a}px`;
  handle.style.top = `${b}px`;
  handle.setAttribute("aria-label", `Starting point at ${pair(...state.start)}`);
}

function moveStart(start) {
  const { surface } = world();
  state.start = start.map((value, i) => {
    const [low, high] = surface.box[i];
    return Number(Math.min(Math.max(value, low), high).toFixed(6));
  });
  placeHandle();
  recompute();
  remember();
}

function moveTo(event) {
  const box = find("map").getBoundingClientRect();
  const { surface } = world();
  const view = viewOf(surface, box.width, box.height);
  const grain = 10 ** Math.floor(Math.log10((view.right - view.left) / 500));
  moveStart(toPlane(view, event.clientX - box.left, event.clientY - box.top).map((value) => Math.round(value / grain) * grain));
}

function listenToHandle() {
  const handle = find("handle");
  let held = null;
  handle.addEventListener("pointerdown", (event) => {
    held = event.pointerId;
    handle.setPointerCapture(held);
  });
  handle.addEventListener("pointermove", (event) => event.pointerId === held && moveTo(event));
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) handle.addEventListener(end, () => (held = null));
  find("tracks").addEventListener("click", moveTo);
  handle.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { box } = world().surface;
    const share = event.shiftKey ? 0.1 : 0.01;
    moveStart(state.start.map((value, i) => value + way[i] * share * (box[i][1] - box[i][0])));
  });
}

// --- Sliders --------------------------------------------------------------------------------------------------------

// Lets a slider and the box beside it move a value; what does not fit is marked and moves nothing.
function listenToSlide(slide, center, accepts, act) {
  const inputs = [...slide.querySelectorAll("input")];
  const box = inputs[inputs.length - 1];
  const name = box.getAttribute("aria-label") ?? slide.textContent.trim();
  if (inputs.length > 1) inputs[0].addEventListener("input", () => act(SLIDES[slide.dataset.kind].value(Number(inputs[0].value), center())));
  box.addEventListener("input", () => {
    const value = box.value.trim() === "" ? NaN : Number(box.value.trim().replace("\u2212", "-"));
    const isGood = accepts(value);
    box.classList.toggle("wrong", !isGood);
    box.setAttribute("aria-invalid", String(!isGood));
    if (isGood) act(value);
    else notice(`${name}: ${box.value.trim() ? "what was typed is no number that it can be" : "nothing is typed"}, so it stays as it was.`);
  });
  box.addEventListener("change", showAll);
  if (slide.dataset.kind === "lr")
    slide.querySelector("label").addEventListener("dblclick", () => act(center()));
}

function listenToSlides() {
  for (const method of METHODS)
    for (const slide of cardOf(method).slides) {
      const field = slide.dataset.field;
      listenToSlide(slide, () => usual(world().surface, method), (value) => fits(method.rule.fields[field], value), (value) => {
        state.fields[method.name][field] = value;
        changed();
      });
    }
  const positive = (value) => Number.isFinite(value) && value >= 0 && value <= 1e9;
  listenToSlide(find("every").querySelector(".slide"), () => usualForAll(world().surface), positive, (value) => {
    state.same = value;
    changed();
  });
  listenToSlide(find("noise"), () => undefined, (value) => positive(value) && value <= 1e6, (value) => {
    state.noise = value;
    changed();
  });
}

function changed() {
  notice("");
  showAll();
  recompute();
  remember();
}

// --- Everything else ------------------------------------------------------------------------------------------------

function pickSurface(name) {
  const surface = surfaceOf(name);
  state.surface = name;
  state.start = [...surface.start];
  for (const method of METHODS) {
    const fields = state.fields[method.name];
    if (fields && state.on.has(method.name)) fields.lr = usual(surface, method);
    else delete state.fields[method.name];
  }
  if (state.same !== null) state.same = usualForAll(surface);
  drawGround(find("ground"), surface);
  changed();
}

function tick(name, isOn) {
  if (isOn) {
    state.on.add(name);
    state.chosen = name;
  } else state.on.delete(name);
  if (!state.on.has(state.chosen) && state.on.size) state.chosen = METHODS.find((method) => state.on.has(method.name)).name;
  changed();
}

function tuneFromHere() {
  const here = world();
  const players = shown.map(({ method }) => ({ rule: method.rule, fields: state.fields[method.name], method }));
  if (state.same !== null && players.length) state.same = tune(here, players, state.start);
  else for (const player of players) state.fields[player.method.name].lr = tune(here, [player], state.start);
  changed();
}

function notice(text) {
  say(find("notice"), text);
  find("notice").hidden = text === "";
}

let waiting = 0;
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(() => history.replaceState(null, "", `#${linkOf(state)}`), 200);
}

function restore(text) {
  const { found, damaged } = readLink(text);
  playing = false;
  showPlaying();
  Object.assign(state, defaults());
  if (found.surface) {
    state.surface = found.surface;
    state.start = [...surfaceOf(found.surface).start];
  }
  if (found.steps) state.budget = state.at = found.steps;
  for (const name of ["start", "at", "noise", "seed", "speed"]) if (found[name] !== undefined) state[name] = found[name];
  if (found.methods) {
    state.on = new Set(found.methods.map(({ name }) => name));
    for (const { name, fields } of found.methods) {
      prepare(methodOf(name));
      Object.assign(state.fields[name], fields);
    }
    state.chosen = found.methods.length ? found.methods[found.methods.length - 1].name : state.chosen;
  }
  if (found.step) state.chosen = found.step;
  if (found.same !== undefined) state.same = found.same;
  drawGround(find("ground"), surfaceOf(state.surface));
  changed();
  if (damaged.length) notice(`Part of this address could not be read and was left out: ${damaged.join(", ")}.`);
}

function listen() {
  find("surface").addEventListener("change", (event) => pickSurface(event.target.value));
  find("play").addEventListener("click", () => (playing ? pause() : play()));
  find("step").addEventListener("click", step);
  find("restart").addEventListener("click", restart);
  find("at").addEventListener("input", (event) => {
    state.at = Number(event.target.value);
    if (playing) pause();
    remember();
    refresh();
  });
  each(".tick input", (box) => box.addEventListener("change", () => tick(box.value, box.checked)));
  for (const [id, name] of [["chosen", "chosen"], ["budget", "budget"], ["speed", "speed"]])
    find(id).addEventListener("change", (event) => {
      state[name] = name === "chosen" ? event.target.value : Number(event.target.value);
      if (name === "budget") state.at = state.budget;
      changed();
    });
  find("same").addEventListener("change", (event) => {
    state.same = event.target.checked ? usualForAll(world().surface) : null;
    changed();
  });
  find("tune").addEventListener("click", tuneFromHere);
  find("reseed").addEventListener("click", () => {
    state.seed = (state.seed + 1) % 1000000;
    changed();
  });
  find("reset").addEventListener("click", () => restore(""));
  each("article", (card) => card.querySelector("header").addEventListener("click", () => {
    state.chosen = card.dataset.method;
    changed();
  }));
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", () => {
    if (location.hash !== `#${linkOf(state)}`) restore(location.hash);
  });
  addEventListener("resize", redrawAll);
  night.addEventListener("change", redrawAll);
}

// Keys that work wherever nothing else wants them.
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  const types = target.matches("input[type=text], select");
  const slides = target.matches("input[type=range]");
  const presses = target.matches("button, summary, a, input[type=checkbox]");
  const does = {
    " ": !types && !presses && (() => (playing ? pause() : play())),
    ArrowRight: !types && !slides && target !== find("handle") && step,
    s: !types && step,
    r: !types && restart,
  }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does) return;
  event.preventDefault();
  does();
}

function redrawAll() {
  scale = null;
  trails.clear();
  drawGround(find("ground"), world().surface);
  placeHandle();
  refresh();
}

listen();
listenToHandle();
listenToSlides();
restore(location.hash);
