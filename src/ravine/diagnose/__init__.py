"""Diagnostics: what the error on unseen data is made of, as numbers; `ravine.pictures` draws them."""
