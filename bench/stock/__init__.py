"""The other side of the measurements: Rasa 3.6.21 as `rasa init` configures it, with our data and our actions."""
