"""Pictures of a study: `info(study)` gathers numbers, `draw(info)` draws them, `how_to_read(info)` is a sentence.

>>> from ravine.pictures import effort
>>> figure = effort.draw(effort.Effort("accuracy", True, {"adam": effort.expected_best([0.9, 0.98])}))
>>> figure.data[0].name
'adam'
"""
