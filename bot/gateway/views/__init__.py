"""One module a resource; what the views take and return is in ``bot.gateway.schemas``."""
