"""An export of the evidence: a ZIP that whoever has it verifies without Spentkey, and the program that does it."""
