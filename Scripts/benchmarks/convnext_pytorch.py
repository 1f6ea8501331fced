"""ConvNeXt in PyTorch, written from the paper, with timm's parameter names: the other side of the comparison."""
import torch
import torch.nn.functional as F
from torch import nn

from hornet_pytorch import ChannelNorm


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), 1e-6))
        self.conv_dw = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = FeedForward(channels)

    def forward(self, x):
        y = self.mlp(self.norm(self.conv_dw(x).permute(0, 2, 3, 1)))
        return x + (self.gamma * y).permute(0, 3, 1, 2)


class Stage(nn.Module):
    def __init__(self, inputs, channels, depth):
        super().__init__()
        if inputs:
            self.downsample = nn.Sequential(ChannelNorm(inputs), nn.Conv2d(inputs, channels, 2, 2))
        self.blocks = nn.Sequential(*[Block(channels) for _ in range(depth)])
        self.has_downsample = bool(inputs)

    def forward(self, x):
        return self.blocks(self.downsample(x) if self.has_downsample else x)


class Head(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(self.norm(x.mean((2, 3))))


class ConvNeXt(nn.Module):
    def __init__(self, widths, depths, stem_stride, classes, in_channels=3):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(in_channels, widths[0], stem_stride, stem_stride), ChannelNorm(widths[0]))
        self.stages = nn.ModuleList(
            Stage(widths[i - 1] if i else 0, widths[i], depths[i]) for i in range(len(depths)))
        self.head = Head(widths[-1], classes)

    def forward(self, x):
        x = self.stem(x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        self.features = features
        return self.head(x)
