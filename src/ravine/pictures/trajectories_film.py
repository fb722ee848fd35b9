"""Films and stills of trajectories, in files: GIF, MP4 and PNG."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from PIL import Image, ImageColor

from ..errors import RavineError
from .colors import SHEET
from .trajectories import Trajectories
from .trajectories_stage import DPI, Stage

STYLE: Any = {"text.hinting": "none", "text.hinting_factor": 1, "font.family": "DejaVu Sans"}
"""Letters at their true widths, of the font that comes with matplotlib: the same picture on every machine."""

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
    palette = _palette(info)
    frames = [Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.NONE) for pixels in _frames(info)]
    shown = [MILLISECONDS] * (len(frames) - 1) + [LAST]
    # Where optimized, what stands still in a frame is written as see-through: a tenth of the size.
    frames[0].save(path, format="gif", save_all=True, append_images=frames[1:], duration=shown, loop=0, optimize=True)


def _palette(info: Trajectories) -> Image.Image:
    """The colors of the last moment, all but one of what a GIF can hold; the paper among them as it is."""
    with rc_context(STYLE):
        palette = Image.fromarray(Stage(info).at(info.steps)).quantize(255, method=Image.Quantize.MEDIANCUT)
    colors = np.array(palette.getpalette(), dtype=np.uint8).reshape(-1, 3)
    paper = np.array(ImageColor.getrgb(SHEET.light))
    colors[np.abs(colors.astype(int) - paper).sum(1).argmin()] = paper
    palette.putpalette(colors.tobytes())
    return palette


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
        raise RavineError(f"--out {str(path)!r}: ffmpeg could not write it: {said[:200]}. Write a .gif instead.")


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


SAVES: dict[str, Callable[[Trajectories, Path], None]] = {".gif": save_gif, ".mp4": save_mp4, ".png": save_png}
"""How a file is written, by its ending."""
