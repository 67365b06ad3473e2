"""Rasa's custom actions: one per intent, thin; what they share is in the modules beside them."""

from __future__ import annotations
