// The chart: height above the lowest value against evaluations.

const MARGIN = { left: 58, top: 30, bottom: 46 };

// Room for the widest of the names, which stand right of their lines.
const BESIDE = 12;
const rightOf = (shown) => 2 * BESIDE + Math.max(24, ...shown.map(({ method }) => widthOf(method.name)));

// Where heights lie on the chart: logarithmic above the lowest value, linear where the surface falls without end.
function scaleOf(surface, shown, width, height) {
  const lowest = lowestOf(surface);
  const isLog = surface.minima.length > 0;
  const start = shown.length ? shown[0].course.values[0] - lowest : 1;
  let [low, high] = [Infinity, -Infinity];
  for (const { course } of shown)
    for (let k = 0; k < course.count; k++) {
      const value = course.values[k] - lowest;
      if (isLog && !(value > 0)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  const top = Math.max(start, Number.MIN_VALUE);
  if (isLog) {
    high = Math.log10(Math.min(Math.max(high, top), 30 * top));
    low = Math.log10(Math.max(Math.min(low, top), KNOWN.floor * top));
    if (!Number.isFinite(low)) low = high - 1;
    if (high - low < 0.5) low = high - 0.5;
  } else {
    const size = Math.max(Math.abs(start), 1e-9);
    high = Math.min(Math.max(high, start), start + 3 * size);
    low = Math.max(Math.min(low, start), start - 12 * size);
    if (!(high - low > 0)) [low, high] = [start - size, start + size];
  }
  const inside = height - MARGIN.top - MARGIN.bottom;
  const y = (value) => {
    const place = isLog ? (value > 0 ? Math.log10(value) : low) : value;
    const share = Math.max(0, Math.min(1, (place - low) / (high - low)));
    return MARGIN.top + inside * (1 - share);
  };
  const right = width - rightOf(shown);
  const x = (evaluations, budget) => MARGIN.left + ((right - MARGIN.left) * evaluations) / budget;
  return { lowest, isLog, low, high, right, x, y };
}

function drawChart(canvas, surface, shown, at, budget, chosen, scale, isPlaying) {
  const { brush, height } = sharp(canvas);
  drawFrame(brush, scale, height, budget, surface);
  const paper = KNOWN.paper[night.matches ? "dark" : "light"];
  const place = (course) => (k) => [scale.x(k * course.per, budget), scale.y(course.values[k] - scale.lowest)];
  drawTrails(canvas, brush, shown, at, chosen, place, isPlaying);
  const heads = shown.map(({ method, course }) => ({ method, at: place(course)(reachedBy(course, at) - 1) }));
  for (const { method, at: [x, y] } of heads) drawMark(brush, method.mark, x, y, method.name === chosen ? 1.2 : 1, ink(method.color), paper);
  drawLabels(brush, placeNames(heads, scale.right, height));
}

function drawFrame(brush, scale, height, budget, surface) {
  const [grid, faint] = [ink(KNOWN.quiet.grid), ink(KNOWN.quiet.faint)];
  brush.lineWidth = 1;
  brush.strokeStyle = grid;
  const whole = Math.max(1, Math.ceil((scale.high - scale.low) / 6));
  const ticks = scale.isLog
    ? ticksOf(scale.low, scale.high, 100).filter((tick) => Math.abs(tick / whole - Math.round(tick / whole)) < 1e-9)
    : ticksOf(scale.low, scale.high, 6);
  const marks = scale.isLog && ticks.length < 2 ? ticksOf(scale.low, scale.high, 4) : ticks;
  for (const tick of marks) {
    const y = scale.y(scale.isLog ? 10 ** tick : tick);
    brush.beginPath();
    brush.moveTo(MARGIN.left, y);
    brush.lineTo(scale.right, y);
    brush.stroke();
    tickWord(brush, scale.isLog ? short(Number((10 ** tick).toPrecision(3))) : short(tick), MARGIN.left - 8, y, "right", faint);
  }
  for (const tick of ticksOf(0, budget, 4)) tickWord(brush, `${tick}`, scale.x(tick, budget), height - MARGIN.bottom + 18, "center", faint);
  tickWord(brush, "gradient evaluations", scale.x(budget / 2, budget), height - 9, "center", faint);
  const from = scale.isLog ? `height above ${short(scale.lowest)}` : `height above ${short(scale.lowest)}; ${surface.title.toLowerCase()} falls without end`;
  tickWord(brush, from, 4, 10, "left", faint);
}

// Where the names of the lines stand: right of them, moved apart where they would touch, and closer where they are many.
function placeNames(heads, right, height) {
  const [top, bottom] = [MARGIN.top - 8, height - MARGIN.bottom + 2];
  const words = heads.map(({ method, at: [x, y] }) => ({
    text: method.name, color: ink(method.color), x: Math.min(x, right) + BESIDE, y, width: widthOf(method.name),
  }));
  words.sort((a, b) => a.y - b.y);
  const gap = Math.min(16, (bottom - top) / Math.max(1, words.length - 1));
  const pairs = words.flatMap((a, k) => words.slice(k + 1).map((b) => [a, b])).filter(([a, b]) => a.x < b.x + b.width && b.x < a.x + a.width);
  for (let round = 0; round < 60; round++)
    for (const [a, b] of pairs) {
      const lack = gap - (b.y - a.y);
      if (lack > 0) [a.y, b.y] = [a.y - lack / 2, b.y + lack / 2];
    }
  for (const word of words) word.y = Math.max(word.y, top);
  for (const [a, b] of pairs) b.y = Math.max(b.y, a.y + gap);
  for (const word of words) word.y = Math.min(word.y, bottom);
  for (const [a, b] of pairs.toReversed()) a.y = Math.min(a.y, b.y - gap);
  return words;
}
