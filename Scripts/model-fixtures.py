"""Writes the parity fixtures of ConvNeXt, ResNet and CvT: small models of `transformers` (and a CIFAR ResNet written here,
which that library lacks) with random parameters, computed by PyTorch in double precision.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    python Scripts/model-fixtures.py Tests/ModelsTests/Fixtures

Every file holds `param.*` (float32 values, buffers included), `input`, `target`, and, at most 24 elements each with the
largest magnitude beside them as `largest.*`: in evaluation mode `eval.logits` and `eval.feature.<i>`; in training mode
`train.logits`, `train.loss` and `train.grad.*`; and the buffers after that step, `after.*`. Element i of c is number
i (n - 1) // (c - 1) of the whole. The metadata entry `model` is the specification as weights files store it.
"""
import json
import re
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import (
    ConvNextConfig, ConvNextForImageClassification, CvtConfig, CvtForImageClassification, ResNetConfig,
    ResNetForImageClassification)
from transformers.activations import ACT2FN

KEPT = 24


def randomise(model, seed):
    """Values with which every path carries signal, representable in single precision."""
    g = torch.Generator().manual_seed(seed)
    normal = lambda t: torch.randn(t.shape, generator=g)
    for name, p in model.named_parameters():
        if "layer_scale" in name:
            v = 0.5 + 0.1 * normal(p)
        elif p.dim() > 1:
            v = normal(p) / p[0].numel() ** 0.5
        elif name.endswith("weight"):
            v = 1 + 0.2 * normal(p)
        else:
            v = 0.1 * normal(p)
        p.data = v.double()
    for name, b in model.named_buffers():
        if name.endswith("running_mean"):
            b.copy_((0.3 * normal(b)).double())
        elif name.endswith("running_var"):
            b.copy_((0.5 + torch.rand(b.shape, generator=g)).double())


def write(folder, file, specification, model, names, size, seed):
    model = model.double()
    randomise(model, seed)
    rename = lambda name: next((re.sub(a, b, name) for a, b in names if re.match(a, name)), None)
    tensors = {}

    def keep(name, t):
        t = t.detach().double().reshape(-1)
        n, c = t.numel(), min(KEPT, t.numel())
        index = [i * (n - 1) // (c - 1) if c > 1 else 0 for i in range(c)]
        tensors[name] = t[index].clone()
        tensors["largest." + name] = t.abs().max().reshape(1)

    state = model.state_dict()
    for name, t in state.items():
        ours = rename(name)
        assert ours is not None, name
        tensors["param." + ours] = t.clone() if not t.is_floating_point() else t.float().contiguous()
        if t.is_floating_point():
            assert (t.float().double() == t).all(), name
    assert len({k for k in tensors}) == len(state)
    g = torch.Generator().manual_seed(seed + 1)
    images = torch.randn(3, 3, *size, generator=g)
    target = torch.tensor([2, 0, 4])
    tensors["input"], tensors["target"] = images, target

    def run():
        out = model(images.double(), output_hidden_states=True)
        features = out.hidden_states
        return out.logits, features[-len(specification["depths"]):]

    model.eval()
    with torch.no_grad():
        logits, features = run()
    keep("eval.logits", logits)
    for i, f in enumerate(features):
        keep(f"eval.feature.{i}", f)
    model.train()
    logits, _ = run()
    loss = F.cross_entropy(logits, target, label_smoothing=0.1)
    loss.backward()
    keep("train.logits", logits)
    keep("train.loss", loss)
    for name, p in model.named_parameters():
        keep("train.grad." + rename(name), p.grad)
    for name, b in model.named_buffers():
        keep("after." + rename(name), b)
    family = specification.pop("family")
    save_file(
        {k: v.contiguous() for k, v in tensors.items()}, f"{folder}/{file}.safetensors",
        metadata={"format": "pt", "model": json.dumps({family: specification})})
    print(file, sum(p.numel() for p in model.parameters()), "parameters; logits", logits[0].tolist())


def convnext(folder):
    spec = dict(
        family="convnext", widths=[12, 20, 32], depths=[1, 2, 1], stemStride=2, layerScale=1e-6, dropPath=0, classes=5,
        inputChannels=3)
    model = ConvNextForImageClassification(ConvNextConfig(
        patch_size=2, num_stages=3, hidden_sizes=spec["widths"], depths=spec["depths"], num_labels=5,
        layer_norm_eps=1e-6))
    block = r"convnext\.encoder\.stages\.(\d+)\.layers\.(\d+)\."
    ours = r"stages.\1.blocks.\2."
    names = [
        (r"convnext\.embeddings\.patch_embeddings\.", "stem.0."),
        (r"convnext\.embeddings\.layernorm\.", "stem.1."),
        (r"convnext\.encoder\.stages\.(\d+)\.downsampling_layer\.", r"stages.\1.downsample."),
        (block + "layer_scale_parameter", ours + "gamma"),
        (block + "dwconv", ours + "conv_dw"),
        (block + "layernorm", ours + "norm"),
        (block + "pwconv", ours + "mlp.fc"),
        (r"convnext\.layernorm\.", "head.norm."),
        (r"classifier\.", "head.fc."),
    ]
    write(folder, "convnext", spec, model, names, (30, 22), 1)


def bottleneck(folder):
    spec = dict(
        family="resnet", baseWidth=6, depths=[1, 2, 1], block="bottleneck", stem="large", shortcut="projection",
        classes=5, inputChannels=3)
    model = ResNetForImageClassification(ResNetConfig(
        embedding_size=6, hidden_sizes=[24, 48, 96], depths=spec["depths"], layer_type="bottleneck", num_labels=5))
    layer = lambda m, tail: f"layer{int(m[1]) + 1}.{m[2]}.{tail}"
    block = r"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\."
    names = [
        (r"resnet\.embedder\.embedder\.convolution\.", "conv1."),
        (r"resnet\.embedder\.embedder\.normalization\.", "bn1."),
        (block + r"shortcut\.convolution\.", lambda m: layer(m, "downsample.0.")),
        (block + r"shortcut\.normalization\.", lambda m: layer(m, "downsample.1.")),
        (block + r"layer\.(\d+)\.convolution\.", lambda m: layer(m, f"conv{int(m[3]) + 1}.")),
        (block + r"layer\.(\d+)\.normalization\.", lambda m: layer(m, f"bn{int(m[3]) + 1}.")),
        (r"classifier\.1\.", "fc."),
    ]
    write(folder, "resnet_bottleneck", spec, model, names, (37, 30), 2)


class CIFARBlock(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.stride, self.new = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        side = self.new // 2
        return F.relu(y + F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, side, side)))


class CIFARResNet(torch.nn.Module):
    """He et al., arXiv 1512.03385, section 4.2, with option A."""

    class Output:
        pass

    def __init__(self, base, depths, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, base, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(base)
        width = base
        for i, depth in enumerate(depths):
            blocks = []
            for j in range(depth):
                blocks.append(CIFARBlock(width, base << i, 2 if i > 0 and j == 0 else 1))
                width = base << i
            setattr(self, f"layer{i + 1}", torch.nn.Sequential(*blocks))
        self.stages = len(depths)
        self.fc = torch.nn.Linear(width, classes)

    def forward(self, x, output_hidden_states):
        out = CIFARResNet.Output()
        out.hidden_states = []
        x = F.relu(self.bn1(self.conv1(x)))
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
            out.hidden_states.append(x)
        out.logits = self.fc(x.mean((2, 3)))
        return out


def cifar(folder):
    spec = dict(
        family="resnet", baseWidth=8, depths=[2, 1, 2], block="basic", stem="small", shortcut="padding", classes=5,
        inputChannels=3)
    write(folder, "resnet_cifar", spec, CIFARResNet(8, spec["depths"], 5), [("(.*)", r"\1")], (13, 10), 3)


def cvt(folder, file, token, activation, seed):
    spec = dict(
        family="cvt", widths=[8, 16, 32], heads=[1, 2, 4], depths=[1, 2, 3], embedKernels=[7, 3, 3],
        embedStrides=[4, 2, 2], keyStride=2, classToken=token, activation="gelu", dropPath=0, classes=5, inputChannels=3)
    model = CvtForImageClassification(CvtConfig(
        embed_dim=spec["widths"], num_heads=spec["heads"], depth=spec["depths"], drop_path_rate=[0.0, 0.0, 0.0],
        cls_token=[False, False, token], num_labels=5))
    if activation:
        spec["activation"] = "quickGELU"
        for stage in model.cvt.encoder.stages:
            for layer in stage.layers:
                layer.intermediate.activation = ACT2FN["quick_gelu"]
    block = r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\."
    ours = r"stage\1.blocks.\2."
    short = {"query": "q", "key": "k", "value": "v"}
    names = [
        (r"cvt\.encoder\.stages\.(\d+)\.cls_token", r"stage\1.cls_token"),
        (r"cvt\.encoder\.stages\.(\d+)\.embedding\.convolution_embeddings\.projection\.", r"stage\1.patch_embed.proj."),
        (r"cvt\.encoder\.stages\.(\d+)\.embedding\.convolution_embeddings\.normalization\.", r"stage\1.patch_embed.norm."),
        (block + r"layernorm_before\.", ours + "norm1."),
        (block + r"layernorm_after\.", ours + "norm2."),
        (block + r"intermediate\.dense\.", ours + "mlp.fc1."),
        (block + r"output\.dense\.", ours + "mlp.fc2."),
        (block + r"attention\.output\.dense\.", ours + "attn.proj."),
        (r"cvt\.layernorm\.|layernorm\.", "norm."),
        (r"classifier\.", "head."),
    ]
    for long, s in short.items():
        conv = block + rf"attention\.attention\.convolution_projection_{long}\.convolution_projection\."
        names.append((conv + r"convolution\.", ours + f"attn.conv_proj_{s}.conv."))
        names.append((conv + r"normalization\.", ours + f"attn.conv_proj_{s}.bn."))
        names.append((block + rf"attention\.attention\.projection_{long}\.", ours + f"attn.proj_{s}."))
    write(folder, file, spec, model, names, (45, 36), seed)


folder = sys.argv[1]
convnext(folder)
bottleneck(folder)
cifar(folder)
cvt(folder, "cvt", True, None, 4)
cvt(folder, "cvt_quick_mean", False, "quick_gelu", 5)
