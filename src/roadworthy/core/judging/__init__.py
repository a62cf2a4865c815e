"""From facts to a report: models, evaluation, waivers."""
