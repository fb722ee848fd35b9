// The anatomy of a step: where the gradient points, what the velocity remembers, and where the step really went.

const GRAIN = 41;

// Directions in the plane: downhill (against the gradient that the rule used last) and the velocity, if it has one.
function directions(method, seen) {
  const { g } = seen.taken[seen.taken.length - 1];
  const found = { downhill: [-g[0], -g[1]], step: [seen.to[0] - seen.from[0], seen.to[1] - seen.from[1]] };
  if (method.velocity) {
    const { slot, sign } = method.velocity;
    found.velocity = [sign * seen.state[slot][0], sign * seen.state[slot][1]];
  }
  return found;
}

// Arrows on a screen: the step as long as it is there, the directions `reach` long.
function drawStep(brush, method, seen, place, reach) {
  const parts = directions(method, seen);
  const from = place(seen.from);
  const along = (vector) => {
    const tip = place([seen.from[0] + vector[0], seen.from[1] + vector[1]]);
    const length = Math.hypot(tip[0] - from[0], tip[1] - from[1]);
    return length > 0 && Number.isFinite(length) ? [from[0] + (reach * (tip[0] - from[0])) / length, from[1] + (reach * (tip[1] - from[1])) / length] : from;
  };
  const arrows = [[place(seen.to).map(near), ink(method.color), [], 3.4]];
  if (parts.velocity) arrows.push([along(unit(parts.velocity)), ink(KNOWN.quiet.faint), [2, 3], 1.8]);
  arrows.push([along(unit(parts.downhill)), ink(KNOWN.quiet.ink), [6, 4], 1.8]);
  const sides = asides(arrows.map(([to]) => [to[0] - from[0], to[1] - from[1]]));
  arrows.forEach(([to, ...look], i) => drawArrow(brush, moved(from, sides[i]), moved(to, sides[i]), ...look));
}

const moved = ([x, y], [a, b]) => [x + a, y + b];

// How far each arrow stands aside: one that points where another does would hide it.
function asides(ways) {
  const [side, narrow] = [7, Math.cos((9 * Math.PI) / 180)];
  const isAlong = ([a, b], [c, d]) => a * c + b * d > narrow * Math.hypot(a, b) * Math.hypot(c, d);
  return ways.map((way, i) => {
    const hidden = ways.slice(0, i).filter((other) => isAlong(way, other)).length;
    const [x, y] = unit(way);
    const shift = [0, side, -side][hidden];
    return [-y * shift, x * shift];
  });
}

function unit([x, y]) {
  const length = Math.hypot(x, y);
  return length > 0 && Number.isFinite(length) ? [x / length, y / length] : [0, 0];
}

const isWhole = (seen) => [...seen.from, ...seen.to, ...seen.taken.flatMap(({ g, where }) => [...g, ...where])].every(Number.isFinite);

// The neighborhood of a step, enlarged so far that the step fills it, with contours evenly spread in the height.
function drawLens(canvas, surface, method, seen) {
  const { brush, width, height } = sharp(canvas);
  if (!seen || !isWhole(seen)) return;
  const length = Math.hypot(seen.to[0] - seen.from[0], seen.to[1] - seen.from[1]);
  const [[left, right]] = surface.box;
  const half = Math.max(length * 1.7, (right - left) * 1e-9);
  const view = { left: seen.from[0] - half, right: seen.from[0] + half, top: seen.from[1] + half, bottom: seen.from[1] - half, width, height };
  const field = fieldOver(surface, view, GRAIN, GRAIN, null);
  const [low, high] = [Math.min(...field), Math.max(...field)];
  brush.strokeStyle = LINES[night.matches ? "dark" : "light"];
  brush.lineWidth = 1;
  if (high > low && Number.isFinite(high)) {
    const levels = Array.from({ length: 10 }, (_, k) => low + ((high - low) * (k + 0.5)) / 10);
    strokeContours(brush, contours(field, GRAIN, GRAIN, levels), width / (GRAIN - 1), height / (GRAIN - 1));
  }
  drawStep(brush, method, seen, ([x, y]) => toScreen(view, x, y), width * 0.3);
  for (const { where } of seen.taken)
    if (where[0] !== seen.from[0] || where[1] !== seen.from[1]) {
      brush.beginPath();
      brush.arc(...toScreen(view, ...where).map(near), 4.5, 0, 7);
      brush.lineWidth = 1.6;
      brush.strokeStyle = ink(KNOWN.quiet.ink);
      brush.stroke();
    }
  drawMark(brush, method.mark, ...toScreen(view, ...seen.from), 1, ink(method.color), KNOWN.paper[night.matches ? "dark" : "light"]);
}

function angle(a, b) {
  const [u, v] = [unit(a), unit(b)];
  return Math.round((Math.acos(Math.max(-1, Math.min(1, u[0] * v[0] + u[1] * v[1]))) * 180) / Math.PI);
}

const long = ([x, y]) => short(Math.hypot(x, y));

// Which way a height went, and how far where its digits do not tell.
function compared(before, after) {
  if (before === after) return "the same";
  const word = after < before ? "lower" : "higher";
  return short(before) === short(after) ? `${word} by ${short(Math.abs(after - before))}` : word;
}

// The step in words and numbers: a sentence, and rows of a name, a vector and what is to be said of it.
function tell(world, method, seen, isAhead) {
  if (!isWhole(seen)) return { sentence: `Step ${seen.t} leads out of all numbers: ${method.name} has diverged.`, rows: [] };
  const { surface } = world;
  const parts = directions(method, seen);
  const last = seen.taken[seen.taken.length - 1];
  const isElsewhere = last.where[0] !== seen.from[0] || last.where[1] !== seen.from[1];
  const [before, after] = [seen.from, seen.to].map((point) => heightOf(surface, surface.value(point)));
  const isTurned = Math.hypot(...parts.step) > 0 && Math.hypot(...parts.downhill) > 0;
  const rows = [["gradient", pair(...last.g), `${long(last.g)} long${world.noise > 0 ? ", noisy" : ""}${isElsewhere ? `, taken at ${pair(...last.where)}` : ""}`]];
  if (parts.velocity) rows.push(["velocity", pair(...parts.velocity), `${long(parts.velocity)} long, ${method.velocity.sign < 0 ? "\u2212" : ""}${method.velocity.slot} in the rule`]);
  rows.push(["step", pair(...parts.step), `${long(parts.step)} long${isTurned ? `, ${angle(parts.step, parts.downhill)}° off downhill` : ""}`]);
  rows.push(["height", `${short(before)} → ${short(after)}`, compared(before, after)]);
  return { sentence: `${isAhead ? "The first step" : `Step ${seen.t}`}${isAhead ? ", still to come," : ""} starts at ${pair(...seen.from)}.`, rows };
}
