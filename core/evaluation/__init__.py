"""What else can be said of a classifier: curves, slices, disturbances, prediction sets, open set."""
