"""PFX files are opened in a child process: how it is started, what it is asked, what it answers, and its limits."""
