"""torchvision's detectors with a ResNet-18 of any width and a feature pyramid of any width, without batch norm being
frozen: they are trained from nothing."""
import torch
from torch import nn
from torchvision.models import ResNet
from torchvision.models.detection import MaskRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.resnet import BasicBlock
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7


class ResNet18(ResNet):
    """torchvision's with another width; its constructor makes 64 channels alone of these blocks."""

    def __init__(self, width):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = width, 1, 1, 64
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for i in range(4):
            layer = self._make_layer(BasicBlock, width << i, 2, stride=2 if i else 1)
            setattr(self, f"layer{i + 1}", layer)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")


def backbone(width, channels, first, extra):
    """The maps of the layers from `first` on, 1 being the finest, behind a feature pyramid."""
    layers = range(first, 5)
    return BackboneWithFPN(
        ResNet18(width), {f"layer{i}": str(i - first) for i in layers}, [width << (i - 1) for i in layers], channels, extra)


def anchors(scale, octaves, strides):
    """torchvision's generator: whole sides, from `scale` strides of each level on up to twice that."""
    sizes = tuple(tuple(int(scale * stride * 2 ** (k / octaves)) for k in range(octaves)) for stride in strides)
    return AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))


def build(arguments, classes, mean=None, deviation=None):
    """The model; RetinaNet's labels begin at 0, Mask R-CNN's at 1 (0 is its background)."""
    size = arguments.size or [800, 1333]
    # Keeps ratios: as large as fits into the box, padded at the right and below to multiples of 32.
    options = dict(min_size=min(size), max_size=max(size), image_mean=mean, image_std=deviation)
    width, channels = arguments.width, arguments.channels
    if arguments.model == "retinanet":
        body = backbone(width, channels, 2, LastLevelP6P7(channels, channels))
        return RetinaNet(
            body, classes, anchor_generator=anchors(arguments.anchor_scale or 4, 3, [8, 16, 32, 64, 128]),
            score_thresh=arguments.least_score, nms_thresh=arguments.overlap, detections_per_img=arguments.detections,
            **options)
    body = backbone(width, channels, 1, LastLevelMaxPool())
    return MaskRCNN(
        body, classes + 1, rpn_anchor_generator=anchors(arguments.anchor_scale or 8, 1, [4, 8, 16, 32, 64]),
        box_score_thresh=arguments.least_score, box_nms_thresh=arguments.overlap,
        box_detections_per_img=arguments.detections, **options)


def parameter_count(model):
    return sum(p.numel() for p in model.parameters())


def channels_last(model, memory_format):
    return model.to(memory_format=torch.channels_last) if memory_format == "channels_last" else model
