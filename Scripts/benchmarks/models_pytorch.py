"""The models that are compared, and the inputs they are made for."""
from convnext_pytorch import ConvNeXt
from cvt_pytorch import CvT
from hornet_pytorch import HorNet
from mobile_former_pytorch import MobileFormer
from swin_pytorch import Swin

MODELS = {
    "hornet_pico_7x7": dict(base=16, depths=[1, 1, 2, 1], stem_stride=2, classes=10, size=32, batch=128),
    "hornet_nano_7x7": dict(base=32, depths=[2, 2, 6, 2], stem_stride=2, classes=10, size=32, batch=128),
    "hornet_nano_gf": dict(base=32, depths=[2, 2, 6, 2], stem_stride=2, classes=10, size=32, batch=128),
    "hornet_tiny_7x7": dict(base=64, depths=[2, 3, 18, 2], stem_stride=4, classes=1000, size=224, batch=8),
    "hornet_tiny_gf": dict(base=64, depths=[2, 3, 18, 2], stem_stride=4, classes=1000, size=224, batch=8),
    "convnext_nano32": dict(
        widths=[32, 64, 128, 256], depths=[2, 2, 6, 2], stem_stride=2, classes=10, size=32, batch=128),
    "cvt_nano32": dict(
        widths=[64, 128, 256], heads=[1, 2, 4], depths=[1, 2, 4], kernels=[3, 3, 3], strides=[2, 2, 2], classes=10,
        size=32, batch=128),
    "swin_nano32": dict(
        base=64, depths=[2, 4, 2], heads=[2, 4, 8], patch=2, window=4, classes=10, size=32, batch=64),
    "mobile_former_nano32": dict(
        stem=16, stem_stride=1, rows=[
            (16, 2, 1), (32, 4, 2), (32, 3, 1), (64, 4, 2), (64, 3, 1), (128, 4, 2), (128, 3, 1)],
        tokens=3, width=64, embedding=256, classes=10, size=32, batch=64),
}


def build(name, size=None, **changes):
    """The model of that name and its settings; HorNet's may be changed."""
    settings = dict(MODELS[name])
    settings.update(changes)
    settings.pop("batch", None)
    made_for = settings.pop("size")
    if name.startswith("convnext"):
        return ConvNeXt(**settings), settings
    if name.startswith("cvt"):
        return CvT(**settings), settings
    if name.startswith("mobile_former"):
        return MobileFormer(**settings), settings
    if name.startswith("swin"):
        return Swin(size=size or made_for, **settings), settings
    stride = settings["stem_stride"]
    filters = [None] * 4
    if name.endswith("_gf"):
        for i in (2, 3):
            side = made_for // (stride << i)
            filters[i] = (side, side // 2 + 1)
    settings["filters"] = filters
    settings["orders"] = [2, 3, 4, 5]
    return HorNet(**settings), settings
