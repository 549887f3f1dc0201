"""Rules of hearing: addresses, dates, rhythm, polling, scrubbing, rows of files."""
