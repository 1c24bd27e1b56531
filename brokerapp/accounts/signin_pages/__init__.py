"""The pages of the second step, of signed-in devices, and what leads to them."""
