"""Who answers a request: a local pipeline, an oracle, a recording, a server."""
