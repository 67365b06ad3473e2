"""What Lotse understands of a message: Rasa graph components on numpy and scikit-learn, in German and English.

`config.yml` names them in order: order numbers, links and tracking numbers; dates; types of appeals; language; intent.
Each component is a thin shell around functions that know nothing of Rasa.
"""
