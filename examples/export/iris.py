"""Trains a classifier of iris flowers, exports it as ONNX, and writes its known answers.

    python iris.py
"""

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import classified, compare, export, write_answers

ABOUT = (
    "Tells the species of an iris flower from four lengths in centimetres: sepal length, sepal width, petal length, "
    "petal width. Label 0 is setosa, 1 versicolor, 2 virginica."
)


def train():
    """A pipeline fitted to 100 of the 150 flowers, and its accuracy on those and on the 50 held out."""
    flowers, species = load_iris(return_X_y=True)
    train_rows, test_rows, train_species, test_species = train_test_split(
        flowers, species, test_size=50, random_state=0, stratify=species
    )
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.fit(train_rows, train_species)
    accuracy = {
        "train": {"rows": 100, "correct": int((pipeline.predict(train_rows) == train_species).sum())},
        "heldOut": {"rows": 50, "correct": int((pipeline.predict(test_rows) == test_species).sum())},
    }
    return pipeline, accuracy


def main():
    pipeline, accuracy = train()
    for part in accuracy.values():
        part["accuracy"] = round(part["correct"] / part["rows"], 4)
    print(f"  accuracy: {accuracy}")
    flowers, _ = load_iris(return_X_y=True)
    labels, probabilities = pipeline.predict(flowers), pipeline.predict_proba(flowers)
    file = export("iris", ABOUT, pipeline, "input", columns=4, classes=3)
    compare(file, flowers.astype(np.float32), labels, probabilities)
    write_answers(
        "iris",
        classified("input", flowers, labels, probabilities),
        about="The label and the probabilities that scikit-learn's own pipeline, the one exported, gives in double "
        "precision for each of the 150 flowers of its iris data set, in the data set's order.",
        accuracy=accuracy,
    )


if __name__ == "__main__":
    main()
