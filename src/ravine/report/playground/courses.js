// A course: where a rule went, the surface there, and how it ended. As ravine.watch has it.

const ROUNDING = 256 * Number.EPSILON;

const draws = new Map();

// The noise of one evaluation, the same for every method.
function noiseAt(seed, t) {
  const name = `${seed} ${t}`;
  if (!draws.has(name)) {
    if (draws.size > 20000) draws.clear();
    const begin = key(BigInt(seed), BigInt(t), 0n);
    draws.set(name, [normal(begin, 0), normal(begin, 1)]);
  }
  return draws.get(name);
}

function slope(world, point, t) {
  const g = world.surface.gradient(point);
  if (world.noise > 0) {
    const [a, b] = noiseAt(world.seed, t);
    g[0] += world.noise * a;
    g[1] += world.noise * b;
  }
  return g;
}

// Far from the box nothing comes back.
function isFar(surface, x, y) {
  const [[left, right], [low, high]] = surface.box;
  const far = Math.abs(x - (left + right) / 2) <= KNOWN.far * (right - left);
  return !(far && Math.abs(y - (low + high) / 2) <= KNOWN.far * (high - low));
}

function isInside(surface, x, y, room = 0) {
  return surface.box.every(([low, high], i) => {
    const value = i ? y : x;
    return value >= low - room * (high - low) && value <= high + room * (high - low);
  });
}

// What heights are measured from: the deepest known minimum, or the lowest value seen in the box.
function lowestOf(surface) {
  if (surface.lowest === undefined) {
    surface.lowest = Math.min(...surface.minima.map((minimum) => minimum.value));
    if (!surface.minima.length) {
      const n = KNOWN.grid - 1;
      const at = ([low, high], i) => low + ((high - low) * i) / n;
      for (let i = 0; i <= n; i++)
        for (let j = 0; j <= n; j++)
          surface.lowest = Math.min(surface.lowest, surface.value([at(surface.box[0], i), at(surface.box[1], j)]));
    }
  }
  return surface.lowest;
}

// How high a value lies above the lowest one: 0 where that is less than the formula's rounding.
function heightOf(surface, value) {
  const lowest = lowestOf(surface);
  return Math.abs(value - lowest) <= ROUNDING * Math.abs(lowest) ? 0 : value - lowest;
}

// One step of a rule: every rule takes its gradients where it wants them, one after the other.
function stepOnce(rule, world, p, state, fields, t) {
  let g = null;
  for (const point of rule.points) g = slope(world, point(p, g, state, fields, t), t);
  rule.step(p, g, state, fields, t);
}

// Follows a rule from a start for a budget of evaluations. `count` places belong to the course: a diverged one is cut.
function follow(rule, fields, world, start) {
  const steps = Math.floor(world.budget / rule.points.length);
  const p = Float64Array.from(start);
  const state = rule.start(p, fields);
  const points = new Float64Array(2 * steps + 2);
  const values = new Float64Array(steps + 1);
  points.set(p);
  values[0] = world.surface.value(p);
  for (let t = 1; t <= steps; t++) {
    stepOnce(rule, world, p, state, fields, t);
    const value = world.surface.value(p);
    points.set(p, 2 * t);
    values[t] = value;
    const isNumber = Number.isFinite(value) && Number.isFinite(p[0]) && Number.isFinite(p[1]);
    if (!isNumber || isFar(world.surface, p[0], p[1])) {
      const diverged = !isNumber || value > values[0];
      return { points, values, per: rule.points.length, count: isNumber ? t + 1 : t, outcome: diverged ? "diverged" : "left", when: t };
    }
  }
  const outcome = isInside(world.surface, p[0], p[1]) ? "finished" : "left";
  return { points, values, per: rule.points.length, count: steps + 1, outcome, when: steps };
}

// The step that brought a course to place k: what the rule knew, and where it went.
function anatomy(rule, fields, world, start, k) {
  const p = Float64Array.from(start);
  const state = rule.start(p, fields);
  for (let t = 1; t < k; t++) stepOnce(rule, world, p, state, fields, t);
  const from = p.slice();
  const taken = [];
  let g = null;
  for (const point of rule.points) {
    const where = point(p, g, state, fields, k).slice();
    g = slope(world, where, k);
    taken.push({ where, g });
  }
  rule.step(p, g, state, fields, k);
  return { t: k, from, to: p, taken, state };
}
