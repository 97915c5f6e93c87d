"""Removes spent credentials from Microsoft Entra ID app registrations, and proves it."""

__version__ = "0.2.0"
