// Sliders, and the boxes beside them.

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
