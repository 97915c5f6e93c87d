"""The steps of the story, one file each; they talk to the outside only through the ports."""
