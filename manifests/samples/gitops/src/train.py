"""Fits a line through points on it by gradient descent, and prints what it found."""
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=100)
steps = parser.parse_args().steps

points = [(x / 10, 3 * x / 10 + 1) for x in range(20)]
slope = offset = 0.0
for _ in range(steps):
    errors = [(slope * x + offset - y, x) for x, y in points]
    slope -= 0.3 * sum(error * x for error, x in errors) / len(points)
    offset -= 0.3 * sum(error for error, _ in errors) / len(points)
print(f"y = {slope:.2f} x + {offset:.2f} after {steps} steps")
