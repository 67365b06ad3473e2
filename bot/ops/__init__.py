"""The operator's page: three files and the texts, served by the gateway below /ops."""
