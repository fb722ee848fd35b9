"""The random numbers of `rules.counter` in JavaScript: the same hash, and the same normal numbers."""

from ...rules.counter import FIRST, GOLDEN, SECOND

NAMES = ("mixed", "key", "uniform", "normal")
"""The functions that `NOISE` defines."""

NOISE = f"""\
function mixed(z) {{
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * {FIRST:#x}n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * {SECOND:#x}n);
  return z ^ (z >> 31n);
}}

// The counter at which the numbers of one tensor at one step begin; all three are BigInt.
function key(seed, t, tensor) {{
  let z = 0n;
  for (const part of [seed, t, tensor]) z = mixed(BigInt.asUintN(64, z + {GOLDEN:#x}n * (part + 1n)));
  return z;
}}

function uniform(start, index) {{
  return (Number(mixed(BigInt.asUintN(64, start + {GOLDEN:#x}n * BigInt(index))) >> 11n) + 0.5) * 2 ** -53;
}}

// The standard normal number of one element, which (seed, t, tensor, element) alone decide.
function normal(start, element) {{
  const radius = Math.sqrt(-2 * Math.log(uniform(start, 2 * element)));
  return radius * Math.cos(2 * Math.PI * uniform(start, 2 * element + 1));
}}
"""
"""What a page needs to draw them: `normal(key(seed, t, tensor), element)`."""
