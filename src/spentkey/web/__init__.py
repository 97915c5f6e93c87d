"""The service's HTTP side: webhook, API, health and metrics. Imported by `spentkey serve` alone."""
