"""Orders from the request to the last fill; positions."""
