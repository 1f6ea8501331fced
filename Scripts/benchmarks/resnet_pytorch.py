"""ResNet and ResNeXt in PyTorch, written from the papers, with torchvision's parameter names."""
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """A chain of convolutions with norms beside a shortcut."""

    def __init__(self, inputs, width, outputs, stride, kind, shortcut, groups=1):
        super().__init__()
        chain = [(inputs, width, 3, stride, 1), (width, outputs, 3, 1, 1)]
        if kind == "bottleneck":
            chain = [(inputs, width, 1, 1, 1), (width, width, 3, stride, groups), (width, outputs, 1, 1, 1)]
        self.links = len(chain)
        for i, (a, b, kernel, step, parts) in enumerate(chain, 1):
            setattr(self, f"conv{i}", nn.Conv2d(
                a, b, kernel, step, kernel // 2, groups=parts, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.stride, self.side, self.downsample = 1, 0, None
        if stride != 1 or inputs != outputs:
            if shortcut == "projection":
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            else:
                self.stride, self.side = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = x
        for i in range(1, self.links + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y if i == 1 else F.relu(y)))
        if self.downsample is not None:
            kept = self.downsample(x)
        else:
            kept = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.side, self.side))
        return F.relu(kept + y)


class ResNet(nn.Module):
    def __init__(self, base, depths, block, stem, shortcut, classes, in_channels=3, grouping=None):
        """`grouping` has the groups of the 3x3 convolutions and the channels of one in the first stage."""
        super().__init__()
        groups, own = grouping or (1, base)
        self.large = stem == "large"
        self.conv1 = nn.Conv2d(in_channels, base, 7 if self.large else 3, 2 if self.large else 1,
                               3 if self.large else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        channels = base
        for i, depth in enumerate(depths):
            outputs = (base << i) * (4 if block == "bottleneck" else 1)
            blocks = []
            for j in range(depth):
                blocks.append(Block(
                    channels, groups * own << i, outputs, 2 if i and not j else 1, block, shortcut, groups))
                channels = outputs
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.large:
            x = F.max_pool2d(x, 3, 2, 1)
        self.features = []
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
            self.features.append(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
