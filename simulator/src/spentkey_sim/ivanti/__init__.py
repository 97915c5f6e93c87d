"""Ivanti Neurons for ITSM: the part of its OData interface that tasks, requests and notes need."""
