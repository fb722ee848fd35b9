// The map: shaded contours below, courses above.

const GRID_POINTS = 241;
const FINE_POINTS = 601;
const SHADES = { light: [[251, 251, 249], [205, 214, 224]], dark: [[37, 43, 51], [14, 17, 21]] };
const LINES = { light: "rgba(60, 72, 90, 0.28)", dark: "rgba(190, 205, 225, 0.22)" };

// What part of the plane a canvas shows: the box, and more of it along the longer side, so that both axes are alike.
function viewOf(surface, width, height) {
  const [[left, right], [low, high]] = surface.box;
  const scale = Math.max((right - left) / width, (high - low) / height);
  const [x, y] = [(left + right) / 2, (low + high) / 2];
  const [w, h] = [(scale * width) / 2, (scale * height) / 2];
  return { left: x - w, right: x + w, top: y + h, bottom: y - h, width, height };
}

const toScreen = (view, x, y) => [
  ((x - view.left) / (view.right - view.left)) * view.width,
  ((y - view.top) / (view.bottom - view.top)) * view.height,
];

const toPlane = (view, a, b) => [
  view.left + (a / view.width) * (view.right - view.left),
  view.top + (b / view.height) * (view.bottom - view.top),
];

// Levels evenly spread in the logarithm of the height.
function levelsOf(heights) {
  const sorted = heights.filter(Number.isFinite).sort();
  const high = sorted[sorted.length - 1];
  const low = Math.max(sorted[Math.floor(sorted.length / 100)], high * KNOWN.deepest);
  return Array.from({ length: KNOWN.levels }, (_, k) => low * (high / low) ** (k / KNOWN.levels)).map(Math.log);
}

let shaded = { name: "" };

// The field of a view, its levels and their lines. Ripples so close that lines would be all that is seen have shades only.
function shade(surface, view, n = GRID_POINTS) {
  const field = fieldOver(surface, view, n, n, Number.MIN_VALUE);
  const levels = levelsOf(Float64Array.from(field, Math.exp));
  if (n > GRID_POINTS) return { n, field, levels, lines: [] };
  const lines = contours(field, n, n, levels);
  const isDense = lines.reduce((sum, line) => sum + line.length / 4, 0) > n * n;
  return isDense ? shade(surface, view, FINE_POINTS) : { n, field, levels, lines };
}

function drawGround(canvas, surface) {
  const { brush, width, height } = sharp(canvas);
  if (!width || !height) return; // a window that is not laid out yet: its resize draws
  const view = viewOf(surface, width, height);
  const name = `${surface.name} ${width} ${height}`;
  if (shaded.name !== name) shaded = { name, ...shade(surface, view) };
  const theme = night.matches ? "dark" : "light";
  paintBands(canvas, brush, shaded, SHADES[theme]);
  brush.strokeStyle = LINES[theme];
  brush.lineWidth = 1;
  strokeContours(brush, shaded.lines, width / (shaded.n - 1), height / (shaded.n - 1));
  for (const kind of ["maxima", "saddles", "minima"]) drawKnown(brush, view, surface, kind);
  drawAxes(brush, view, SHADES[theme][0]);
}

// Bands between the levels, pixel by pixel of the screen, from the field between its grid points.
function paintBands(canvas, brush, { n, field, levels }, [high, low]) {
  const { width, height } = canvas;
  const image = brush.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = Array.from({ length: levels.length + 1 }, (_, k) => {
    const [r, g, b] = high.map((value, i) => Math.round(low[i] + ((value - low[i]) * k) / levels.length));
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
  const [first, step] = [levels[0], (levels[levels.length - 1] - levels[0]) / (levels.length - 1)];
  for (let b = 0; b < height; b++) {
    const y = (b / height) * (n - 1.001);
    const j = Math.floor(y);
    for (let a = 0; a < width; a++) {
      const x = (a / width) * (n - 1.001);
      const i = Math.floor(x);
      const k = j * n + i;
      const upper = field[k] + (field[k + 1] - field[k]) * (x - i);
      const lower = field[k + n] + (field[k + n + 1] - field[k + n]) * (x - i);
      const band = Math.floor((upper + (lower - upper) * (y - j) - first) / step) + 1;
      pixels[b * width + a] = colors[Math.max(0, Math.min(band, levels.length))];
    }
  }
  brush.putImageData(image, 0, 0);
}

// Their numbers stand on a rim of the ground's own color.
function drawAxes(brush, view, ground) {
  const color = ink(KNOWN.quiet.faint);
  brush.lineJoin = "round";
  brush.lineWidth = 4;
  brush.strokeStyle = `rgba(${ground}, 0.85)`;
  for (const x of ticksOf(view.left, view.right, 6)) {
    const [a] = toScreen(view, x, 0);
    if (a > 30 && a < view.width - 14) tickWord(brush, short(x), a, view.height - 10, "center", color, true);
  }
  for (const y of ticksOf(view.bottom, view.top, 6)) {
    const [, b] = toScreen(view, 0, y);
    if (b > 12 && b < view.height - 26) tickWord(brush, short(y), 6, b, "left", color, true);
  }
}

function tickWord(brush, text, x, y, align, color, hasRim = false) {
  brush.font = `12px ${SANS}`;
  brush.textAlign = align;
  brush.textBaseline = "middle";
  if (hasRim) brush.strokeText(text, x, y);
  brush.fillStyle = color;
  brush.fillText(text, x, y);
}

// Minima, saddles and maxima that are marked: of very many only the deepest, which is what methods look for.
function marked(surface, kind) {
  const known = surface[kind];
  return known.length > KNOWN.mostMarks ? known.filter(({ value }) => value === lowestOf(surface)) : known;
}

function drawKnown(brush, view, surface, kind) {
  const size = 0.95;
  for (const { x } of marked(surface, kind)) {
    brush.save();
    brush.translate(...toScreen(view, ...x));
    brush.scale(size, size);
    const path = outlined(KNOWN.marks[kind]);
    brush.lineJoin = "round";
    brush.strokeStyle = kind === "minima" ? KNOWN.paper[night.matches ? "dark" : "light"] : ink(KNOWN.quiet.ink);
    brush.fillStyle = kind === "minima" ? ink(KNOWN.quiet.ink) : KNOWN.paper[night.matches ? "dark" : "light"];
    brush.lineWidth = (kind === "minima" ? 2.5 : 1.5) / size;
    brush.stroke(path);
    brush.fill(path);
    brush.restore();
  }
}

// How many places of a course were reached for some evaluations: at least 1, the start.
const reachedBy = (course, at) => Math.min(course.count, Math.floor(at / course.per) + 1);

// Places beyond the screen are drawn no further than this from it: a canvas loses what is very far out.
const NEAR = 4000;
const near = (value) => Math.max(-NEAR, Math.min(NEAR, value));

function drawTracks(canvas, surface, shown, at, chosen, isPlaying) {
  const { brush, width, height } = sharp(canvas);
  const view = viewOf(surface, width, height);
  const place = (course) => (k) => toScreen(view, course.points[2 * k], course.points[2 * k + 1]).map(near);
  const paper = KNOWN.paper[night.matches ? "dark" : "light"];
  drawTrails(canvas, brush, shown, at, chosen, place, isPlaying);
  for (const { method, course } of shown) {
    const [a, b] = place(course)(reachedBy(course, at) - 1);
    drawMark(brush, method.mark, a, b, method.name === chosen ? 1.35 : 1.1, ink(method.color), paper);
  }
  return { brush, view };
}
