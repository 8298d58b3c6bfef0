"""Learns to tell three species of penguins apart: a multinomial logistic regression by gradient descent.

Standard library only, so it runs wherever there is a Python 3.8 or later. README.md tells where the data come from.
"""

import argparse
import csv
import json
import math
import pathlib
import random
import time

import tracking

HERE = pathlib.Path(__file__).resolve().parent
MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
SPECIES = ["Adelie", "Chinstrap", "Gentoo"]
TEST_SHARE = 0.25
REPORTS = 40  # lines of progress, and points on the curves


def read_penguins(path):
    """Pairs of measures and species; penguins with a missing value are left out."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "NA" not in row.values()]
    return [
        ([float(row[name]) for name in MEASURES] + [1.0 if row["sex"] == "male" else -1.0], SPECIES.index(row["species"]))
        for row in rows
    ]


def scaling(rows):
    """Mean and standard deviation of each column."""
    scales = []
    for column in zip(*(features for features, _ in rows)):
        mean = sum(column) / len(column)
        scales.append((mean, math.sqrt(sum((x - mean) ** 2 for x in column) / len(column)) or 1.0))
    return scales


def scaled(rows, scales):
    """The rows with columns of mean 0 and deviation 1, and a 1 in front for the bias."""
    return [([1.0] + [(x - mean) / deviation for x, (mean, deviation) in zip(features, scales)], label) for features, label in rows]


def probabilities(weights, features):
    scores = [sum(w * x for w, x in zip(row, features)) for row in weights]
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def one_epoch(weights, rows, learning_rate):
    """One step down the gradient of the mean cross-entropy over all rows; tells loss and accuracy before it."""
    gradient = [[0.0] * len(weights[0]) for _ in weights]
    loss, right = 0.0, 0
    for features, label in rows:
        guess = probabilities(weights, features)
        loss -= math.log(max(guess[label], 1e-300))
        right += guess.index(max(guess)) == label
        for k, slope in enumerate(gradient):
            error = guess[k] - (k == label)
            for i, x in enumerate(features):
                slope[i] += error * x
    for row, slope in zip(weights, gradient):
        for i, g in enumerate(slope):
            row[i] -= learning_rate * g / len(rows)
    return loss / len(rows), right / len(rows)


def accuracy(weights, rows):
    guesses = ((probabilities(weights, features), label) for features, label in rows)
    return sum(guess.index(max(guess)) == label for guess, label in guesses) / len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2500)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=7, help="of the split into penguins to train on and to test with")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error("--epochs must be at least 1")

    penguins = read_penguins(HERE / "penguins.csv")
    random.Random(options.seed).shuffle(penguins)
    test_count = round(len(penguins) * TEST_SHARE)
    scales = scaling(penguins[test_count:])
    train, test = scaled(penguins[test_count:], scales), scaled(penguins[:test_count], scales)
    print(f"{len(penguins)} penguins, {len(train)} to train on and {len(test)} to test with", flush=True)

    run = tracking.Tracker()
    run.log_params({"epochs": options.epochs, "learning_rate": options.learning_rate, "seed": options.seed})
    weights = [[0.0] * (len(MEASURES) + 2) for _ in SPECIES]
    start, every = time.monotonic(), max(1, options.epochs // REPORTS)
    for epoch in range(1, options.epochs + 1):
        loss, right = one_epoch(weights, train, options.learning_rate)
        if epoch % every == 0 or epoch == options.epochs:
            metrics = {"loss": loss, "accuracy": right, "test_accuracy": accuracy(weights, test)}
            run.log_metrics(metrics, step=epoch)
            words = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
            print(f"epoch {epoch}/{options.epochs}  {words}", flush=True)

    run.finish()
    output = pathlib.Path("outputs")
    output.mkdir(exist_ok=True)
    model = {"species": SPECIES, "features": MEASURES + ["sex"], "scales": scales, "weights": weights}
    (output / "model.json").write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")
    print(f"trained in {time.monotonic() - start:.1f} s, model in outputs/model.json", flush=True)


if __name__ == "__main__":
    main()
