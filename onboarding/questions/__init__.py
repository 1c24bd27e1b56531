"""Each question of the application, described once: forms, request, check page and export are made of it."""
