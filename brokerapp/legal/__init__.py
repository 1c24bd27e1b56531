"""What a broker has to publish: terms, privacy, disclosures, Form CRS, fees, business continuity."""
