"""Entra ID: sign-in, proofs of possession, and the few calls of Microsoft Graph that a removal needs."""
