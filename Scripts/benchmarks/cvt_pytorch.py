"""CvT in PyTorch, written from the paper, with the official parameter names: the other side of the comparison."""
import torch
import torch.nn.functional as F
from torch import nn


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


class ConvolutionalProjection(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.bn(self.conv(x)).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, channels, heads, key_stride):
        super().__init__()
        self.heads = heads
        for name, stride in (("q", 1), ("k", key_stride), ("v", key_stride)):
            setattr(self, f"conv_proj_{name}", ConvolutionalProjection(channels, stride))
            setattr(self, f"proj_{name}", nn.Linear(channels, channels))
        self.proj = nn.Linear(channels, channels)

    def forward(self, map, token):
        parts = []
        for name in "qkv":
            x = getattr(self, f"conv_proj_{name}")(map)
            if token is not None:
                x = torch.cat([token, x], 1)
            x = getattr(self, f"proj_{name}")(x)
            parts.append(x.unflatten(2, (self.heads, -1)).transpose(1, 2))
        mixed = F.scaled_dot_product_attention(*parts, scale=map.shape[1] ** -0.5)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, channels, activation):
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)
        self.activation = activation

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, channels, heads, key_stride, activation):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=1e-5)
        self.attn = Attention(channels, heads, key_stride)
        self.norm2 = nn.LayerNorm(channels, eps=1e-5)
        self.mlp = FeedForward(channels, activation)

    def forward(self, x, height, width, has_token):
        y = self.norm1(x)
        token, rest = (y[:, :1], y[:, 1:]) if has_token else (None, y)
        x = x + self.attn(rest.transpose(1, 2).unflatten(2, (height, width)), token)
        return x + self.mlp(self.norm2(x))


class Embedding(nn.Module):
    def __init__(self, inputs, channels, kernel, stride):
        super().__init__()
        self.proj = nn.Conv2d(inputs, channels, kernel, stride, (kernel - stride + 1) // 2)
        self.norm = nn.LayerNorm(channels, eps=1e-5)

    def forward(self, x):
        x = self.proj(x)
        return self.norm(x.flatten(2).transpose(1, 2)), x.shape[2], x.shape[3]


class Stage(nn.Module):
    def __init__(self, inputs, channels, heads, depth, kernel, stride, has_token, key_stride, activation):
        super().__init__()
        if has_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, channels))
        self.has_token = has_token
        self.patch_embed = Embedding(inputs, channels, kernel, stride)
        self.blocks = nn.ModuleList(Block(channels, heads, key_stride, activation) for _ in range(depth))

    def forward(self, x):
        tokens, height, width = self.patch_embed(x)
        if self.has_token:
            tokens = torch.cat([self.cls_token.expand(len(x), -1, -1).to(tokens.dtype), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens, height, width, self.has_token)
        token, rest = (tokens[:, 0], tokens[:, 1:]) if self.has_token else (None, tokens)
        return rest.transpose(1, 2).unflatten(2, (height, width)), token


class CvT(nn.Module):
    def __init__(self, widths, heads, depths, kernels, strides, classes, in_channels=3, class_token=True,
                 key_stride=2, activation=quick_gelu):
        super().__init__()
        self.count = len(depths)
        for i in range(self.count):
            setattr(self, f"stage{i}", Stage(
                widths[i - 1] if i else in_channels, widths[i], heads[i], depths[i], kernels[i], strides[i],
                class_token and i == self.count - 1, key_stride, activation))
        self.norm = nn.LayerNorm(widths[-1], eps=1e-5)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        features = []
        for i in range(self.count):
            x, token = getattr(self, f"stage{i}")(x)
            features.append(x)
        self.features = features
        return self.head(self.norm(token))
