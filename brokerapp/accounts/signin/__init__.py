"""What signing in rests on: attempts, devices, sessions, the second step, and being asked again."""
