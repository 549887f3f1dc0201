"""Hearing the sources: claim, fetch, store, keep the ledger, raise alarms; taking in files."""
