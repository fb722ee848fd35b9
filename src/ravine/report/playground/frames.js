// The pictures: everybody is followed anew where something was set, and drawn anew in every frame.

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
  if (!find("map").clientWidth) return; // a window that is not laid out yet: its resize draws
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

function standing(surface, course, at) {
  const k = reachedBy(course, at) - 1;
  const isOver = Math.floor(at / course.per) >= course.when;
  const after = `${course.when * course.per} evaluation${course.when * course.per === 1 ? "" : "s"}`;
  if (course.outcome === "diverged" && isOver) return `diverged after ${after}`;
  if (course.outcome === "left" && isOver) return `left the box, height ${short(heightOf(surface, course.values[k]))}`;
  return `height ${short(heightOf(surface, course.values[k]))}`;
}

// Writes what changes while time goes by.
function write(at) {
  const { surface } = world();
  for (const { method, course } of shown) {
    const card = cardOf(method);
    const text = standing(surface, course, at);
    say(card.result, text);
    card.element.classList.toggle("lost", text.startsWith("diverged"));
  }
  find("at").value = at;
  find("at").style.setProperty("--share", at / state.budget);
  say(find("clock"), `${at} of ${state.budget}`);
}
