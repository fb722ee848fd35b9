r"""The LaTeX engine: the equations of a rule, read from the source of its `update`.

The names that the source gives survive, so that `m_hat` is $\hat m$; ifs are decided by the rule's own fields; a
wrapper's equations take in those of the rule that it wraps. What is a word in the source, such as `root`, is put in its
place; and a field that holds the number 0 is left out.
"""

from .equations import equations, letters, mathml

__all__ = ["equations", "letters", "mathml"]
