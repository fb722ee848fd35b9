// The page: the hands that move it, and its address.

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
