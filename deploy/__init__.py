"""What runs Lotse somewhere else than on a developer's machine."""
