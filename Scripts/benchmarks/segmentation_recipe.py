"""Reads a segmentation's configuration for the PyTorch side: what segmentation_pytorch.py is told to do the same."""
import json
import subprocess
import sys

# What the PyTorch side does not have; a configuration must leave these as they are here.
FIXED = {
    "task": ["segmentation"], "data.sampling": ["shuffled"], "data.paddingMode": ["zero"], "data.rotation": [0],
    "data.translation": [0], "data.scaling": [[1, 1]], "data.shear": [0], "data.colorJitter": [[0, 0, 0, 0]],
    "data.randAugment": [None], "data.erasing": [0], "data.verticalFlip": [0], "data.quarterTurns": [0],
    "data.evaluationCrop": [0], "data.augmentation": ["crop", "scaledCrop", "none"], "data.fit": ["crop", "stretch"],
    "data.filter": ["bilinear"], "model.weights": [None], "model.inputChannels": [None, 3], "model.headScale": [1],
    "head.kind": ["semanticFPN", "upernet", "fcn", "unet"], "head.convolutions": [1], "head.map": [-1],
    "head.poolScales": [[1, 2, 3, 6]], "neck.fusion": ["conv"], "loss.kind": ["crossEntropy"],
    "loss.classWeights": ["none", ["none"]], "loss.lovasz": [0], "optimizer.kind": ["adamw"], "optimizer.layerDecay": [1],
    "optimizer.freeze": [[]], "optimizer.ema": [None], "schedule.kind": ["cosine", "constant"], "training.accumulation": [1],
    "training.precision": ["fp32"], "training.earlyStopping": [0], "evaluation.mode": ["whole"],
    "evaluation.scales": [[1]], "evaluation.flip": [False],
}


def resolved(trainer, config, settings=()):
    """The values of a configuration or a run folder by key, defaults filled in."""
    command = [trainer, "config", str(config), "--json"]
    for setting in settings:
        command += ["--set", setting]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr.strip() or f"error: {trainer} config ended with {result.returncode}")
    return {entry["key"]: entry["value"] for entry in json.loads(result.stdout)}


def problem(values):
    """Why the PyTorch side cannot do the same, one sentence, or None."""
    if (values.get("data.elastic") or [0])[0]:
        return "data.elastic deforms images, but the PyTorch side does not"
    return fixed_problem(values, FIXED) or model_problem(values)


def fixed_problem(values, keys):
    for key in keys:
        known = FIXED[key]
        if key in values and values[key] not in known:
            expected = " or ".join(json.dumps(value) for value in known)
            return f"{key} is {json.dumps(values[key])}, but the PyTorch side has {expected} alone"
    return None


def model_problem(values):
    """Why the PyTorch side does not have the model, one sentence, or None."""
    if reason := fixed_problem(values, [key for key in FIXED if key.startswith(("task", "head.", "neck."))]):
        return reason
    name = values["model.name"]
    if not name.startswith(("hornet", "unet")):
        return f"model.name is {name}, but the PyTorch side has HorNet and U-Net alone"
    if name.startswith("unet") != (values["head.kind"] == "unet"):
        return f"head.kind is {values['head.kind']}, but the PyTorch side has U-Net's decoder with its own encoder alone"
    if bool(values.get("model.bilinear")) != bool(values.get("head.bilinear")):
        return "model.bilinear and head.bilinear differ, but in the PyTorch side's U-Net they go together"
    if any(mixer != "7x7" for mixer in values.get("model.mixers") or []):
        return "model.mixers has a global filter, but the PyTorch side has 7x7 alone"
    return None


def model_options(values):
    """Those of the model."""
    options = {"base": values["model.baseWidth"]}
    if values["model.name"].startswith("unet"):
        return options | {"model": "unet", "bilinear": bool(values.get("head.bilinear"))}
    options |= {
        "model": "hornet", "depths": values["model.depths"], "orders": values["model.orders"],
        "stem-stride": values["model.stemStride"], "layer-scale": values["model.layerScale"],
        "gate-scale": values["model.gateScale"], "drop-path": values["model.dropPath"],
        "initialization": values["model.initialization"], "head": values["head.kind"],
        "head-channels": values["head.channels"], "dropout": values["head.dropout"],
    }
    if "neck.channels" in values:
        options["neck-channels"] = values["neck.channels"]
    if "head.auxiliaryChannels" in values:
        options["auxiliary-channels"] = values["head.auxiliaryChannels"] if values["head.auxiliary"] else 0
    return options


def pair(sides):
    return list(sides) if len(sides) == 2 else [sides[0], sides[0]]


def data_options(values, image_size, class_names):
    """Those of the data; `image_size` is [height, width] of all training images, or None where they differ."""
    size = pair(values["data.imageSize"]) if values["data.imageSize"] else image_size
    if size is None:
        sys.exit("error: the images have several sizes, expected data.imageSize in the configuration")
    options = {"flip": values["data.flip"], "photometric": bool(values.get("data.photometric"))}
    if values["data.augmentation"] == "scaledCrop":
        options |= {
            "crop": size, "scales": values["data.resizeRange"], "class-share": values["data.classShare"], "fill": "mean"}
        if values.get("data.resizeFit"):
            options["scale-fit"] = values["data.resizeFit"]
    else:
        options |= {"resize": size, "resize-by": values["data.fit"]}
        if values["data.augmentation"] == "crop":
            padding = values["data.padding"]
            options |= {"crop": size, "padding": max(1, size[0] // 8) if padding is None else padding}
    if values["data.mean"]:
        options |= {"mean": values["data.mean"], "deviation": values["data.deviation"]}
    if values.get("data.background") in class_names:
        options["background"] = class_names.index(values["data.background"])
    if values.get("evaluation.fit"):
        options["fit"] = values["evaluation.fit"]
    return options


def training_options(values):
    """Those of loss, optimizer and schedule."""
    return {
        "label-smoothing": values["loss.labelSmoothing"], "dice": values["loss.dice"],
        "auxiliary": values["loss.auxiliary"], "rate": values["optimizer.learningRate"],
        "weight-decay": values["optimizer.weightDecay"], "betas": values["optimizer.betas"],
        "epsilon": values["optimizer.epsilon"], "clip-norm": values["optimizer.clipNorm"],
        "warmup-epochs": values["schedule.warmupEpochs"], "warmup-rate": values["schedule.warmupLearningRate"],
        "minimum-rate": values["schedule.minimumLearningRate"], "schedule": values["schedule.kind"], "epochs": values["training.epochs"],
        "batch": values["training.batchSize"], "drop-last": word(values["training.dropLast"]),
        "evaluation-batch": min(16, values["training.evaluationBatchSize"]),
    }


def word(switch):
    """auto, on or off."""
    return {True: "on", False: "off", "true": "on", "false": "off"}.get(switch, "auto")


def arguments(options):
    """As they stand on the command line."""
    words = []
    for name, value in options.items():
        if value is True:
            words.append(f"--{name}")
        elif isinstance(value, list):
            words += [f"--{name}", *map(str, value)]
        elif value is not False and value is not None:
            words += [f"--{name}", str(value)]
    return words
