"""What the story needs from outside, one file for each; every implementation passes the same contract suite."""
