"""Reads tables people hand in (CSV, JSON lines, XLSX) without trusting a byte."""

from opinion_service.adapters.tables.killable import read_killable
from opinion_service.adapters.tables.reading import ENCODINGS, MOST_ROWS, Table, kind_of, read, spreadsheet_safe

__all__ = ["ENCODINGS", "MOST_ROWS", "Table", "kind_of", "read", "read_killable", "spreadsheet_safe"]
