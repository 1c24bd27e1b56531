"""What everything stands on and knows no broker: time, noise, files, the calendar."""
