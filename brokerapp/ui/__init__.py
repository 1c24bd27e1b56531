"""The design system: template tags, form rendering, page chrome and the style guide."""
