"""What the story needs from outside, one file for each: whoever provides it passes the same contract suite."""
