"""Reads foreign documents in processes that can be killed: each in one of its own, forked from a warm server.

A server (`server.py`) is started afresh, without environment, secrets or open files of this process; it has loaded
the parsers and does nothing but fork. Every document gets a fork with limits of its own on wall time, processor
time and memory, set by itself and enforced by the kernel, so that no document can harm the next one.
"""

from opinion_service.adapters.killable.client import Ended, Ending, Limits, close, run, server_pid, start

__all__ = ["Ended", "Ending", "Limits", "close", "run", "server_pid", "start"]
