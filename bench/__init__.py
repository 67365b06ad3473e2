"""Measurements of Lotse beside Rasa 3.6 as `rasa init` configures it: the same dialogues, machine and run."""
