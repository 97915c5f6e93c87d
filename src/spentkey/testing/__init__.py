"""Contract suites for adapters: what the story relies on, as tests that any implementation can be held against.

Subclass a suite in a test module of your own and give it a rig; pytest finds the tests of the subclass. They need pytest
and nothing else: each test runs an event loop of its own (extra `testing`).
"""
