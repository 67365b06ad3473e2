"""The shapes of requests and answers: the one source of the checks and of the OpenAPI document."""
