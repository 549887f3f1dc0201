"""Files, consults on, signs, releases and looks back on policies."""
