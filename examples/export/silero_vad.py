"""Runs the Silero VAD model over a recording and writes its known answers.

    espeak-ng -v en-us -s 150 -w speech.wav "Good morning. The quick brown fox jumps over the lazy dog."
    sox speech.wav -r 16000 -c 1 -b 16 speech-16k.wav
    python silero_vad.py speech-16k.wav

The model must have been copied to models/silero-vad/1/model.onnx, as `npm start` does.
"""

import sys
import wave

import numpy as np
import onnxruntime

from common import EXAMPLES, tensor, write_answers

CHUNK = 512
EMPTY = np.zeros((2, 1, 128), np.float32)


def six_digits(array):
    """The array with at most six significant digits a number, which JSON then repeats exactly."""
    return np.array([float(f"{v:.6g}") for v in array.ravel()], np.float64).reshape(array.shape)


def main():
    with wave.open(sys.argv[1]) as recording:
        assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (16000, 1, 2)
        samples = np.frombuffer(recording.readframes(recording.getnframes()), np.int16) / 32768
    chunks = [samples[i : i + CHUNK] for i in range(0, len(samples) - CHUNK + 1, CHUNK)]
    model = EXAMPLES / "models" / "silero-vad" / "1" / "model.onnx"
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])

    def run(chunk, state):
        feeds = {"input": chunk.astype(np.float32), "state": state.astype(np.float32), "sr": np.array(16000, np.int64)}
        return session.run(["output", "stateN"], feeds)

    def answer(chunk, state):
        chunk, state = six_digits(chunk.reshape(1, CHUNK)), six_digits(state)
        output, next_state = run(chunk, state)
        print(f"  speech with probability {output[0, 0]:.4f}")
        inputs = {
            "input": exact(chunk),
            "state": exact(state),
            "sr": {"datatype": "INT64", "shape": [], "data": [16000]},
        }
        outputs = {"output": tensor("FP32", output), "stateN": tensor("FP32", next_state)}
        return {"inputs": inputs, "outputs": outputs}, next_state

    def exact(array):
        data = [int(v) if v == int(v) else v for v in array.ravel().tolist()]
        return {"datatype": "FP32", "shape": list(array.shape), "data": data}

    def pair(i):
        """The lower of the probabilities of chunk i after nothing, and of chunk i + 1 after chunk i."""
        first, state = run(chunks[i].reshape(1, CHUNK), EMPTY)
        second, _ = run(chunks[i + 1].reshape(1, CHUNK), state)
        return min(first[0, 0], second[0, 0])

    best = max(range(len(chunks) - 1), key=pair)
    silence, _ = answer(np.zeros(CHUNK), EMPTY)
    speech, state = answer(chunks[best], EMPTY)
    more, state = answer(chunks[best + 1], state)
    after, _ = answer(np.zeros(CHUNK), state)
    write_answers(
        "silero-vad",
        [silence, speech, more, after],
        about=f"What ONNX Runtime {onnxruntime.__version__} for Python gives for four chunks of 32 ms: silence; "
        "speech; the speech that follows it, with the state carried over; and silence after that, with the state "
        "carried over. The speech was synthesised with espeak-ng.",
    )


if __name__ == "__main__":
    main()
