"""Who may let which bytes ship: subject, people, duties, evidence, verdict."""
