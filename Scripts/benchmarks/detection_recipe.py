"""Reads a detector's configuration for the PyTorch side: what detection_pytorch.py is told to do the same."""
import json
import sys

from segmentation_recipe import arguments, resolved, word  # noqa: F401

# What the PyTorch side does not have; a configuration must leave these as they are here.
FIXED = {
    "task": ["detection", "instances"], "data.sampling": ["shuffled"], "data.rotation": [0], "data.translation": [0],
    "data.scaling": [[1, 1]], "data.shear": [0], "data.colorJitter": [[0, 0, 0, 0]], "data.randAugment": [None],
    "data.erasing": [0], "data.verticalFlip": [0], "data.quarterTurns": [0], "data.photometric": [False, None],
    "data.mosaic": [0, None], "data.paddingMode": ["zero"], "data.augmentation": ["detection", "crop", "none"],
    "data.shortSides": [[]], "data.keepEmpty": [True], "data.leastVisible": [0], "data.needCenters": [False],
    "data.tightBoxes": [False], "model.weights": [None], "model.inputChannels": [None, 3],
    "head.kind": ["retinanet", "maskRcnn"], "head.style": ["torchvision"], "neck.kind": ["fpn"],
    "head.backboneNorm": ["batch"], "head.groups": [0], "head.anchorOctaves": [3, 1], "head.boxLayers": [2],
    "head.boxConvolutions": [0], "neck.extraLevels": [0, 1, 2], "neck.fusion": ["conv"], "neck.upward": [False],
    "neck.groups": [0], "loss.box": ["style"], "loss.beta": [None], "loss.classWeight": [1], "loss.boxWeight": [1],
    "loss.focalAlpha": [0.25], "loss.focalGamma": [2], "loss.matchAbove": [None], "loss.matchBelow": [None],
    "loss.crowd": ["drop"], "optimizer.kind": ["adamw"], "optimizer.layerDecay": [1], "optimizer.freeze": [[]],
    "optimizer.ema": [None], "schedule.kind": ["cosine", "constant"], "training.accumulation": [1],
    "training.precision": ["fp32"], "training.earlyStopping": [0],
}


def problem(values):
    """Why the PyTorch side cannot do the same, one sentence, or None."""
    for key, known in FIXED.items():
        if key in values and values[key] not in known:
            expected = " or ".join(json.dumps(value) for value in known)
            return f"{key} is {json.dumps(values[key])}, but the PyTorch side has {expected} alone"
    if values["head.kind"] == "retinanet" and values["neck.extraLevels"]:
        found = [values["neck.extraLevels"], values["neck.extra"], values["neck.reluBeforeExtra"]]
        if found != [2, "p5", True]:
            return f"neck.extraLevels, extra and reluBeforeExtra are {found}, but the PyTorch side has [2, \"p5\", true] or none"
    if not str(values["model.name"]).startswith("resnet18"):
        return f"model.name is {values['model.name']}, but the PyTorch side has ResNet-18 alone"
    return None


def model_options(values):
    """Those of the model."""
    options = {
        "model": "retinanet" if values["head.kind"] == "retinanet" else "maskrcnn",
        "width": values["model.baseWidth"], "channels": values["neck.channels"],
        "anchor-scale": values["head.anchorScale"], "anchor-ratios": values["head.anchorRatios"],
        "least-score": values["evaluation.scoreThreshold"], "overlap": values["evaluation.overlap"],
        "detections": values["evaluation.objects"],
    }
    if values["head.kind"] == "retinanet":
        return options | {"tower": values["head.convolutions"], "extra-levels": values["neck.extraLevels"]}
    return options | {
        "region-scale": values["head.regionScale"], "box-width": values["head.boxWidth"],
        "mask-channels": values["head.maskChannels"], "mask-convolutions": values["head.maskConvolutions"],
        "sampled": values["loss.sampled"]}


def data_options(values, image_size):
    """Those of the data; `image_size` is [height, width] of all training images, or None where they differ."""
    size = values.get("data.imageSize") or image_size
    if size is None:
        sys.exit("error: the images have several sizes, expected data.imageSize in the configuration")
    if values["data.augmentation"] == "crop" and list(size) != list(image_size or []):
        sys.exit("error: data.augmentation is crop with another data.imageSize than the images have, which the PyTorch side "
                 "does not do")
    options = {"flip": values["data.flip"]}
    if values["data.augmentation"] == "crop":
        padding = values["data.padding"]
        options["padding"] = max(1, size[0] // 8) if padding is None else padding
    options["size"] = list(size) if len(size) == 2 else [size[0], size[0]]
    if values.get("data.mean"):
        options |= {"mean": values["data.mean"], "deviation": values["data.deviation"]}
    return options


def training_options(values):
    """Those of optimizer and schedule."""
    return {
        "rate": values["optimizer.learningRate"], "weight-decay": values["optimizer.weightDecay"],
        "betas": values["optimizer.betas"], "epsilon": values["optimizer.epsilon"],
        "clip-norm": values["optimizer.clipNorm"], "schedule": values["schedule.kind"],
        "warmup-epochs": values["schedule.warmupEpochs"], "warmup-rate": values["schedule.warmupLearningRate"],
        "minimum-rate": values["schedule.minimumLearningRate"], "epochs": values["training.epochs"],
        "batch": values["training.batchSize"], "drop-last": word(values["training.dropLast"]),
        "evaluation-batch": min(16, values["training.evaluationBatchSize"]), "validate": True,
    }
