"""Finds out from the shapes of a state dict (our names) which model it belongs to, as the section `model` of a
configuration."""
import re


class UnknownModel(Exception):
    """Shapes that make no model, in one sentence."""


def _count(tensors, pattern):
    """One more than the largest number that the pattern finds in a name."""
    found = [int(m[1]) for m in (re.match(pattern, name) for name in tensors) if m]
    return max(found) + 1 if found else 0


def _shape(tensors, name):
    if name not in tensors:
        raise UnknownModel(f"there is no {name}, so the model cannot be recognised")
    return tensors[name].shape


def hornet(t):
    kernel = _shape(t, "downsample_layers.0.0.weight")
    stages = _count(t, r"stages\.(\d+)\.")
    stride = {4: 4, 2: 2, 3: 1}.get(kernel[2])
    if stride is None:
        raise UnknownModel(f"its stem has a kernel of {kernel[2]}, expected 4, 2 or 3")
    filters = [f"stages.{i}.0.gnconv.dwconv.complex_weight" for i in range(stages)]
    model = dict(
        name="hornet", baseWidth=kernel[0], depths=[_count(t, rf"stages\.{i}\.(\d+)\.") for i in range(stages)],
        orders=[_count(t, rf"stages\.{i}\.0\.gnconv\.pws\.(\d+)\.") + 1 for i in range(stages)], stemStride=stride,
        mixers=["gf" if name in t else "7x7" for name in filters], inputChannels=kernel[1],
        classes=_shape(t, "head.weight")[0] if "head.weight" in t else None)
    if "stages.0.0.gamma1" not in t:
        model["layerScale"] = 0
    # Filters are stored for the map that the model was made for.
    rows = next((t[name].shape[1] * (stride << i) for i, name in enumerate(filters) if name in t), None)
    return model, rows or (224 if stride == 4 else 32), []


def convnext(t):
    kernel = _shape(t, "stem.0.weight")
    stages = _count(t, r"stages\.(\d+)\.")
    model = dict(
        name="convnext", widths=[_shape(t, f"stages.{i}.blocks.0.conv_dw.weight")[0] for i in range(stages)],
        depths=[_count(t, rf"stages\.{i}\.blocks\.(\d+)\.") for i in range(stages)], stemStride=kernel[2],
        inputChannels=kernel[1], classes=_shape(t, "head.fc.weight")[0] if "head.fc.weight" in t else None)
    if "stages.0.blocks.0.gamma" not in t:
        model["layerScale"] = 0
    return model, 224 if kernel[2] == 4 else 32, []


def resnet(t):
    kernel = _shape(t, "conv1.weight")
    stages = _count(t, r"layer(\d+)\.") - 1
    model = dict(
        name="resnet", baseWidth=kernel[0], depths=[_count(t, rf"layer{i + 1}\.(\d+)\.") for i in range(stages)],
        block="bottleneck" if "layer1.0.conv3.weight" in t else "basic", stem="large" if kernel[2] == 7 else "small",
        shortcut="projection" if any(".downsample." in name for name in t) else "padding", inputChannels=kernel[1],
        classes=_shape(t, "fc.weight")[0] if "fc.weight" in t else None)
    if model["block"] == "bottleneck":
        width, own = _shape(t, "layer1.0.conv2.weight")[:2]
        if (width // own, own) != (1, kernel[0]):
            model.update(groups=width // own, groupWidth=own)
    return model, 224 if kernel[2] == 7 else 32, []


def cvt(t):
    stages = _count(t, r"stage(\d+)\.")
    embeddings = [_shape(t, f"stage{i}.patch_embed.proj.weight") for i in range(stages)]
    model = dict(
        name="cvt", widths=[e[0] for e in embeddings], heads=[max(1, e[0] // 64) for e in embeddings],
        depths=[_count(t, rf"stage{i}\.blocks\.(\d+)\.") for i in range(stages)],
        embedKernels=[e[2] for e in embeddings], embedStrides=[4 if e[2] == 7 else 2 for e in embeddings],
        classToken=f"stage{stages - 1}.cls_token" in t, inputChannels=embeddings[0][1],
        classes=_shape(t, "head.weight")[0] if "head.weight" in t else None)
    return model, 224 if embeddings[0][2] == 7 else 32, [
        "heads of 64 channels, strides of 4 after 7x7 kernels and 2 after others, and quickGELU are assumed, as published"]


def swin(t):
    kernel = _shape(t, "patch_embed.proj.weight")
    stages = _count(t, r"layers\.(\d+)\.")
    tables = [_shape(t, f"layers.{i}.blocks.0.attn.relative_position_bias_table") for i in range(stages)]
    window = (round(tables[0][0] ** 0.5) + 1) // 2
    if any(rows != (2 * window - 1) ** 2 for rows, _ in tables):
        raise UnknownModel("its windows are not squares of one size")
    model = dict(
        name="swin", baseWidth=kernel[0], depths=[_count(t, rf"layers\.{i}\.blocks\.(\d+)\.") for i in range(stages)],
        heads=[heads for _, heads in tables], stemStride=kernel[2], window=window, inputChannels=kernel[1],
        classes=_shape(t, "head.fc.weight")[0] if "head.fc.weight" in t else None)
    return model, 224 if kernel[2] == 4 else 32, []


def recognise(family, tensors):
    """The model's configuration, the side of its images, and what was assumed, one sentence each."""
    return {"hornet": hornet, "convnext": convnext, "resnet": resnet, "cvt": cvt, "swin": swin}[family](tensors)
