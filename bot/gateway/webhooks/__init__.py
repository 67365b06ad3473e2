"""Sending events to the marketplace: the signed message, where it may go, and the workers that send it."""
