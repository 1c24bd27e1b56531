"""The pages of staff that are of no single model: home, search, everything about a person, what they see."""
