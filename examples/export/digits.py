"""Trains a classifier of handwritten digits, exports it as ONNX, and writes its known answers.

    python digits.py
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import classified, compare, export, write_answers

ABOUT = (
    "Reads a handwritten digit from a picture of 8 x 8 pixels, given row by row as 64 numbers between 0 (background) "
    "and 16 (ink). The label is the digit."
)


def main():
    pixels, digits = load_digits(return_X_y=True)
    train_pixels, test_pixels, train_digits, test_digits = train_test_split(
        pixels, digits, test_size=450, random_state=0, stratify=digits
    )
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=(64,), max_iter=500, random_state=0))
    pipeline.fit(train_pixels, train_digits)
    labels, probabilities = pipeline.predict(test_pixels), pipeline.predict_proba(test_pixels)
    correct = int((labels == test_digits).sum())
    accuracy = {"heldOut": {"rows": 450, "correct": correct, "accuracy": round(correct / 450, 4)}}
    print(f"  accuracy: {accuracy}")
    file = export("digits", ABOUT, pipeline, "pixels", columns=64, classes=10)
    compare(file, test_pixels.astype(np.float32), labels, probabilities)
    write_answers(
        "digits",
        classified("pixels", test_pixels[:60], labels[:60], probabilities[:60]),
        about="The label and the probabilities that scikit-learn's own pipeline, the one exported, gives in double "
        "precision for the first 60 of the 450 digits held out of its training; the accuracy is over all 450.",
        accuracy=accuracy,
    )


if __name__ == "__main__":
    main()
