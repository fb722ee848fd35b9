"""Films and stills of trajectories, in files: GIF, MP4 and PNG."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from PIL import Image
from scipy.spatial import KDTree

from ..errors import RavineError
from ..watch import Scene
from .trajectories import Trajectories
from .trajectories import info as info_of
from .trajectories_stage import DPI, Stage

STYLE: Any = {"text.hinting": "none", "font.family": "DejaVu Sans"}
"""Letters at their true widths, of the font that comes with matplotlib: the same picture on every machine."""

FREQUENT = 128
"""How many of a GIF's colors are those that most pixels have: those of the ground."""

COARSE = 2
"""How many bits of a color are left out where the nearest one is looked up."""

MILLISECONDS, LAST = 60, 3000
"""How long a film shows each moment, and the last one."""

FFMPEG = (
    "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "{size}", "-r", "{rate}", "-i", "-",
    "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart",
    "-f", "mp4",
)  # fmt: skip
"""What ffmpeg is asked: a film that every browser and every slide program plays."""


def _frames(info: Trajectories) -> Iterator[np.ndarray]:
    """Yields the pixels of every moment; each stands until the next is asked for."""
    with rc_context(STYLE):
        stage = Stage(info)
        for evaluations in info.moments():
            yield stage.at(float(evaluations))


def save_png(info: Trajectories, path: Path) -> None:
    """Writes the last moment, 2560 pixels wide.

    Args:
        info: What the picture shows.
        path: The file.
    """
    with rc_context(STYLE):
        Image.fromarray(Stage(info, 2 * DPI).at(info.steps)).save(path, format="png", optimize=True)


def save_gif(info: Trajectories, path: Path) -> None:
    """Writes a film as a GIF of 1280 times 720 pixels that begins anew at its end.

    Args:
        info: What the picture shows.
        path: The file.
    """
    colors = _colors(info)
    nearest = _nearest(colors)
    frames = []
    for pixels in _frames(info):
        red, green, blue = np.moveaxis(pixels >> COARSE, -1, 0)
        frames.append(Image.fromarray(nearest[red, green, blue]))
        frames[-1].putpalette(colors.tobytes())
    shown = [MILLISECONDS] * (len(frames) - 1) + [LAST]
    # Where optimized, what stands still in a frame is written as see-through: a tenth of the size.
    frames[0].save(path, format="gif", save_all=True, append_images=frames[1:], duration=shown, loop=0, optimize=True)


def _colors(info: Trajectories) -> np.ndarray:
    """All but one of the colors that a GIF can hold: the most frequent ones of the last moment, and then rare ones."""
    with rc_context(STYLE):
        pixels = Stage(info).at(info.steps)
    colors, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    frequent = colors[np.argsort(-counts)[:FREQUENT]]
    spread = Image.fromarray(pixels).quantize(255 - len(frequent), method=Image.Quantize.MAXCOVERAGE).getpalette()
    return np.vstack([frequent, np.array(spread, dtype=np.uint8).reshape(-1, 3)])


def _nearest(colors: np.ndarray) -> np.ndarray:
    """Which of some colors is the nearest to each, by red, green and blue; Pillow's own answer makes white gray."""
    steps = np.arange(256 >> COARSE)
    middles = (np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1) << COARSE) + (1 << COARSE) / 2
    found = np.asarray(KDTree(colors).query(middles)[1], dtype=np.uint8)
    frequent = np.arange(min(FREQUENT, len(colors)))[::-1]  # what is most frequent stays what it is
    found[tuple(colors[frequent].T >> COARSE)] = frequent
    return found


def save_mp4(info: Trajectories, path: Path) -> None:
    """Writes a film as an MP4 (H.264) of 1280 times 720 pixels, by the program ffmpeg.

    Args:
        info: What the picture shows.
        path: The file.

    Raises:
        RavineError: There is no ffmpeg, or it has no H.264.
    """
    check_ffmpeg(path)
    rate = f"1000/{MILLISECONDS}"
    frames = [pixels.tobytes() for pixels in _frames(info)]
    frames += frames[-1:] * (LAST // MILLISECONDS - 1)
    width, height = 1280, 720
    words = [word.format(size=f"{width}x{height}", rate=rate) for word in FFMPEG]
    done = subprocess.run(["ffmpeg", *words, str(path)], input=b"".join(frames), capture_output=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split()) or f"it ended with {done.returncode}"
        raise RavineError(f"ffmpeg could not write the MP4: {said[:200]}. Write a .gif instead.")


def check_ffmpeg(path: Path) -> None:
    """Refuses an MP4 where there is nothing to write it with.

    Args:
        path: The file that was asked for.

    Raises:
        RavineError: There is no ffmpeg.
    """
    if shutil.which("ffmpeg") is None:
        raise RavineError(
            f"--out {str(path)!r}: the program ffmpeg, which writes MP4, is not installed (Debian: apt-get install "
            "ffmpeg); or write a .gif."
        )


def save(scene: Scene, path: Path) -> Path:
    """Writes a scene as a film or a still; a file that is there already is replaced in one step.

    Args:
        scene: The scene.
        path: The file, whose ending says how: .gif, .mp4 or .png.

    Returns:
        The path.
    """
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        SAVES[path.suffix](info_of(scene), unfinished)
        return unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


SAVES: dict[str, Callable[[Trajectories, Path], None]] = {".gif": save_gif, ".mp4": save_mp4, ".png": save_png}
"""How a file is written, by its ending."""
