# pyright: reportMissingImports=false, reportUnknownVariableType=false
"""Stands for the webhook of ansible.eda, which is on no package index: the built-in one took its code over."""

from ansible_rulebook.event_source.webhook import main

__all__ = ["main"]
