#!/usr/bin/env python3
"""Reads the event files of a run with TensorBoard's own reader and lists what it finds.

    Scripts/check_tensorboard.py RUN

Makes a virtual environment with TensorBoard in it when the Python that runs this has none. Exits with 1 when a metric of
metrics.jsonl is missing from the event files, has other steps or another value.
"""

import json
import math
import os
import subprocess
import sys
import tempfile

TAGS = {
    "trainLoss": "loss/train",
    "trainAccuracy": "accuracy/train",
    "validationLoss": "loss/validation",
    "validationAccuracy": "accuracy/validation",
    "learningRate": "learningRate",
    "gradientNormMedian": "gradientNorm/median",
    "gradientNormMax": "gradientNorm/max",
    "imagesPerSecond": "speed/imagesPerSecond",
    "peakMemoryMB": "memory/peakMegabytes",
}


def with_tensorboard():
    """Goes on in an environment that has TensorBoard."""
    try:
        import tensorboard  # noqa: F401

        return
    except ImportError:
        pass
    folder = os.path.join(tempfile.gettempdir(), "hornbeam-tensorboard")
    python = os.path.join(folder, "bin", "python")
    if os.environ.get("HORNBEAM_TENSORBOARD"):
        sys.exit("TensorBoard cannot be imported from " + folder)
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "tensorboard"], check=True)
    os.environ["HORNBEAM_TENSORBOARD"] = "1"
    os.execv(python, [python] + sys.argv)


def check_hyperparameters(events):
    """What is wrong with what the plugin for hyperparameters is told, by its own messages."""
    from tensorboard.plugins.hparams import plugin_data_pb2

    found = {}
    for tag in events.PluginTagToContent("hparams"):
        data = plugin_data_pb2.HParamsPluginData()
        data.ParseFromString(events.PluginTagToContent("hparams")[tag])
        found[tag] = data
    start = found.get("_hparams_/session_start_info")
    if start is None or not start.session_start_info.hparams:
        return ["hparams: no key of the configuration is there"]
    keys = sorted(start.session_start_info.hparams)
    infos = sorted(info.name for info in found["_hparams_/experiment"].experiment.hparam_infos)
    print(f"hparams    {len(keys)} keys: {', '.join(keys[:6])}{' ...' if len(keys) > 6 else ''}")
    return [] if keys == infos else ["hparams: the session has other keys than the experiment"]


def check_curves(events, curves):
    """What is wrong with curves of precision over recall, by the plugin's own message."""
    from tensorboard.plugins.pr_curve import plugin_data_pb2
    from tensorboard.util import tensor_util

    wrong = []
    for tag in sorted(curves):
        data = plugin_data_pb2.PrCurvePluginData()
        data.ParseFromString(curves[tag])
        values = tensor_util.make_ndarray(events.Tensors(tag)[-1].tensor_proto)
        right, left_out = values[0], values[3]
        print(f"curve      {tag:<42} {data.num_thresholds:>5} thresholds of {right[0] + left_out[0]:.0f}")
        if values.shape != (6, data.num_thresholds):
            wrong.append(f"{tag}: found {values.shape}, expected (6, {data.num_thresholds})")
        elif not all(a >= b for a, b in zip(right, right[1:])):
            wrong.append(f"{tag}: more answers are right at a higher threshold")
    return wrong


def check(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    if not os.path.isdir(os.path.join(run, "tensorboard")):
        sys.exit(f"error: {run} has no event files, expected a run with reporting.tensorBoard: true")
    events = EventAccumulator(os.path.join(run, "tensorboard"), size_guidance={"scalars": 0, "histograms": 0, "images": 0})
    events.Reload()
    tags = events.Tags()
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    wrong = []
    for tag in sorted(tags["scalars"]):
        found = events.Scalars(tag)
        print(f"scalar     {tag:<42} {len(found):>5} steps, last {found[-1].value:.6g} at step {found[-1].step}")
    for tag in sorted(tags["histograms"]):
        found = events.Histograms(tag)
        print(f"histogram  {tag:<42} {len(found):>5} steps, last of {found[-1].histogram_value.num:.0f} values")
    for tag in sorted(tags["images"]):
        found = events.Images(tag)
        print(f"image      {tag:<42} {len(found):>5} steps, last {found[-1].width} x {found[-1].height} pixels")
    try:
        curves = events.PluginTagToContent("pr_curves")
    except KeyError:
        curves = {}
    wrong += check_curves(events, curves)
    for tag in sorted(set(tags["tensors"]) - set(curves)):
        print(f"text       {tag:<42} {len(events.Tensors(tag)):>5} steps")
    if "configuration" not in tags["tensors"]:
        wrong.append("configuration: the text of config.yaml is missing")
    wrong += check_hyperparameters(events)
    for key, tag in TAGS.items():
        wanted = [(line["update"], line[key]) for line in lines if line.get(key) is not None]
        if not wanted:
            continue
        found = [(event.step, event.value) for event in events.Scalars(tag)] if tag in tags["scalars"] else []
        if [step for step, _ in found] != [step for step, _ in wanted]:
            wrong.append(f"{tag}: found {len(found)} steps, expected {len(wanted)} as in metrics.jsonl")
        elif not all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-30) for (_, a), (_, b) in zip(found, wanted)):
            wrong.append(f"{tag}: values differ from those in metrics.jsonl")
    for problem in wrong:
        print("error: " + problem, file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"all {len(lines)} epochs of metrics.jsonl are there, once each")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: Scripts/check_tensorboard.py RUN")
    with_tensorboard()
    check(sys.argv[1])
