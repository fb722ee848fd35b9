// The start, and the hand that drags it.

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
