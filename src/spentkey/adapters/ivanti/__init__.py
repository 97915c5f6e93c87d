"""The service desk: Ivanti Neurons for ITSM over its OData API."""
