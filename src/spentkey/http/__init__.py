"""How Spentkey speaks HTTPS: one session for each trust store, bounded answers, and one retry policy."""
