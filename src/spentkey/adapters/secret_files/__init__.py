"""A folder of secrets and PFX files as a vault: systemd credentials, mounted Kubernetes secrets, or files of 0600."""
