"""The PyTorch definitions that belong to weights files of hornbeam; they are those of Scripts/benchmarks."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "benchmarks"))


class NoDefinition(Exception):
    """Weights that these definitions do not cover, in one sentence."""


def build(metadata):
    """The model of a weights file, with first values."""
    if "hornbeam.model" not in metadata:
        raise NoDefinition("the file has no entry hornbeam.model in its metadata, expected weights that trainer wrote")
    (family, s), = json.loads(metadata["hornbeam.model"]).items()
    if s.get("layerScale") == 0:
        raise NoDefinition("the model has no layer scale, but the definitions in Scripts/benchmarks always have one")
    common = dict(classes=s["classes"], in_channels=s["inputChannels"])
    if family == "hornet":
        from hornet_pytorch import HorNet

        filters = [
            (m["globalFilter"]["rows"], m["globalFilter"]["columns"]) if "globalFilter" in m else None
            for m in s["mixers"]]
        return HorNet(
            s["baseWidth"], s["depths"], s["orders"], s["stemStride"], filters, scale=s["gateScale"],
            layer_scale=s["layerScale"], **common)
    if family == "convnext":
        from convnext_pytorch import ConvNeXt

        return ConvNeXt(s["widths"], s["depths"], s["stemStride"], **common)
    if family == "resnet":
        from resnet_pytorch import ResNet

        grouping = s.get("grouping")
        return ResNet(
            s["baseWidth"], s["depths"], s["block"], s["stem"], s["shortcut"],
            grouping=(grouping["groups"], grouping["width"]) if grouping else None, **common)
    if family == "cvt":
        import torch.nn.functional as F
        from cvt_pytorch import CvT, quick_gelu

        return CvT(
            s["widths"], s["heads"], s["depths"], s["embedKernels"], s["embedStrides"], class_token=s["classToken"],
            key_stride=s["keyStride"], activation=F.gelu if s["activation"] == "gelu" else quick_gelu, **common)
    if family == "swin":
        from swin_pytorch import Swin

        side = json.loads(metadata["hornbeam.transform"])["height"] if "hornbeam.transform" in metadata else None
        if s["windows"] or side is None or side % (s["stemStride"] * s["window"] << len(s["depths"]) - 1):
            raise NoDefinition("the definition of Swin in Scripts/benchmarks is for maps of whole windows")
        return Swin(s["baseWidth"], s["depths"], s["heads"], s["stemStride"], s["window"], side, **common)
    raise NoDefinition(f"there is no definition of {family} in Scripts/benchmarks")
