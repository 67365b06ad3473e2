"""Everything between a person and the order backend: gateway, channels, understanding, and our end of Rasa."""
