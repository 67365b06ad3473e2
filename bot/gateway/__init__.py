"""The gateway: the only public process. Chat for people, the API for the marketplace, notices, health."""
