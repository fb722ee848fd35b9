// What is set, shown in the controls.

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
  each(".marks [data-kind]", (mark) => (mark.hidden = marked(surface, mark.dataset.kind).length === 0));
  const [stars, minima] = [marked(surface, "minima").length, surface.minima.length];
  say(document.querySelector("[data-kind=minima] > span"), stars < minima ? `deepest of ${minima} minima` : "minimum");
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
