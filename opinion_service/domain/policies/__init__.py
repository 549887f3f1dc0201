"""Policies before and after their release: assessment, readiness, watch, foreseen against observed."""
