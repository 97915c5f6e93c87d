"""What has expired in every tenant: listed whole, or said not to be."""
