"""Rules of reading: sentiment bands, kinds of message, events, heat, opening."""
