"""How Spentkey speaks HTTPS: one session for each circle of trust, bounded answers, and one retry policy."""
