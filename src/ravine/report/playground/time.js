// Time: play, pause, step and restart.

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
