"""Entra ID: the login service and the part of Microsoft Graph that handles application credentials."""
