"""Our end of Rasa's extension points: internal channel, tracker store, launchers, supervisor."""
