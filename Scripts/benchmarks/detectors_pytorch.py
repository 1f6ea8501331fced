"""torchvision's detectors with a ResNet-18 of any width and a feature pyramid of any width, without batch norm being
frozen: they are trained from nothing."""
import torch
from torch import nn
from torchvision.models import ResNet
from torchvision.models.detection import MaskRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.resnet import BasicBlock
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool, LastLevelP6P7


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


class NoMoreLevels(ExtraFPNBlock):
    """The maps as they are."""

    def forward(self, results, x, names):
        return results, names


def anchors(arguments, scale, octaves, strides):
    """torchvision's generator: whole sides, from `scale` strides of each level on up to twice that."""
    scale = arguments.anchor_scale or scale
    sizes = tuple(tuple(int(scale * stride * 2 ** (k / octaves)) for k in range(octaves)) for stride in strides)
    return AnchorGenerator(sizes, (tuple(arguments.anchor_ratios),) * len(sizes))


def build(arguments, classes, mean=None, deviation=None):
    """The model; RetinaNet's labels begin at 0, Mask R-CNN's at 1 (0 is its background)."""
    size = arguments.size or [800, 1333]
    # Keeps ratios: as large as fits into the box, padded at the right and below to multiples of 32.
    options = dict(min_size=min(size), max_size=max(size), image_mean=mean, image_std=deviation)
    width, channels = arguments.width, arguments.channels
    if arguments.model == "retinanet":
        levels = arguments.extra_levels
        body = backbone(width, channels, 2, LastLevelP6P7(channels, channels) if levels else NoMoreLevels())
        model = RetinaNet(
            body, classes, anchor_generator=anchors(arguments, 4, 3, [8, 16, 32, 64, 128][:3 + levels]),
            score_thresh=arguments.least_score, nms_thresh=arguments.overlap, detections_per_img=arguments.detections,
            **options)
        for head in (model.head.classification_head, model.head.regression_head):
            head.conv = head.conv[:arguments.tower]
        return model
    body = backbone(width, channels, 1, LastLevelMaxPool())
    model = MaskRCNN(
        body, classes + 1, rpn_anchor_generator=anchors(arguments, 8, 1, [4, 8, 16, 32, 64]),
        box_score_thresh=arguments.least_score, box_nms_thresh=arguments.overlap,
        box_detections_per_img=arguments.detections, box_batch_size_per_image=arguments.sampled, **options)
    heads, box, masks = model.roi_heads, arguments.box_width, arguments.mask_channels or channels
    heads.box_head = TwoMLPHead(channels * 49, box)
    heads.box_predictor = FastRCNNPredictor(box, classes + 1)
    heads.mask_head = MaskRCNNHeads(channels, (masks,) * arguments.mask_convolutions, 1)
    heads.mask_predictor = MaskRCNNPredictor(masks, masks, classes + 1)
    for pool in (heads.box_roi_pool, heads.mask_roi_pool):
        pool.canonical_scale = arguments.region_scale
    return model


def model_arguments(parser):
    """The options of `build`."""
    add = parser.add_argument
    add("--model", choices=["retinanet", "maskrcnn"], default="retinanet")
    add("--width", type=int, default=32, help="channels of the first stage of ResNet-18")
    add("--channels", type=int, default=64, help="of the feature pyramid")
    add("--anchor-scale", type=float, default=0.0,
        help="side of a level's smallest square anchor in strides; 4 for RetinaNet and 8 for Mask R-CNN by default")
    add("--anchor-ratios", type=float, nargs="+", default=[0.5, 1.0, 2.0], help="height over width")
    add("--extra-levels", type=int, choices=[0, 2], default=2, help="of RetinaNet, beyond the backbone's coarsest map")
    add("--tower", type=int, default=4, help="convolutions of RetinaNet's towers, at most 4")
    add("--region-scale", type=float, default=224, help="side of the regions read from the map of stride 16")
    add("--box-width", type=int, default=1024, help="of the linear layers of Mask R-CNN's boxes")
    add("--mask-channels", type=int, default=0, help="of Mask R-CNN's masks; those of the pyramid by default")
    add("--mask-convolutions", type=int, default=4)
    add("--sampled", type=int, default=512, help="regions of an image that the second stage learns from")
    add("--size", type=int, nargs=2, metavar=("H", "W"), help="images are brought to the largest size within this box")
    add("--least-score", type=float, default=0.05)
    add("--overlap", type=float, default=0.5, help="of two answers of one class that overlap by more the surer one stays")
    add("--detections", type=int, default=100, help="the most answers of an image")


def parameter_count(model):
    return sum(p.numel() for p in model.parameters())


def channels_last(model, memory_format):
    return model.to(memory_format=torch.channels_last) if memory_format == "channels_last" else model
