"""The support widget: a web component and its demo page, served by the gateway as they are."""
