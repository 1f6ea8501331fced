"""Swin in PyTorch, written from the paper, with timm's parameter names: the other side of the comparison. Maps must be whole
windows; attention is PyTorch's own, with the bias and the mask of each window."""
import torch
import torch.nn.functional as F
from torch import nn


def windows(x, side):
    n, h, w, c = x.shape
    return x.view(n, h // side, side, w // side, side, c).transpose(2, 3).reshape(-1, side * side, c)


def joined(x, side, h, w):
    return x.view(-1, h // side, w // side, side, side, x.shape[-1]).transpose(2, 3).reshape(-1, h, w, x.shape[-1])


class Attention(nn.Module):
    def __init__(self, channels, heads, side):
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(0.02 * torch.randn((2 * side - 1) ** 2, heads))
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        places = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).flatten(1)
        distance = places[:, :, None] - places[:, None, :] + side - 1
        self.register_buffer("positions", (distance[0] * (2 * side - 1) + distance[1]).flatten(), persistent=False)

    def forward(self, x, mask):
        count, tokens, _ = x.shape
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.positions].view(tokens, tokens, -1).permute(2, 0, 1)[None]
        if mask is not None:
            bias = (bias + mask[:, None]).repeat(count // len(mask), 1, 1, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, channels, heads, side, size, shifts):
        super().__init__()
        self.side, self.shift = side, side // 2 if shifts and size > side else 0
        self.norm1 = nn.LayerNorm(channels, eps=1e-5)
        self.attn = Attention(channels, heads, side)
        self.norm2 = nn.LayerNorm(channels, eps=1e-5)
        self.mlp = FeedForward(channels)
        mask = None
        if self.shift:
            parts = (slice(0, -side), slice(-side, -self.shift), slice(-self.shift, None))
            regions = torch.zeros(1, size, size, 1)
            for number, (rows, columns) in enumerate((r, c) for r in parts for c in parts):
                regions[:, rows, columns] = number
            regions = windows(regions, side).squeeze(-1)
            mask = -100.0 * (regions[:, None] != regions[:, :, None]).float()
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        _, h, w, _ = x.shape
        y = self.norm1(x)
        if self.shift:
            y = y.roll((-self.shift, -self.shift), (1, 2))
        y = joined(self.attn(windows(y, self.side), self.mask), self.side, h, w)
        if self.shift:
            y = y.roll((self.shift, self.shift), (1, 2))
        x = x + y
        return x + self.mlp(self.norm2(x))


class Merging(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.norm = nn.LayerNorm(4 * inputs, eps=1e-5)
        self.reduction = nn.Linear(4 * inputs, 2 * inputs, bias=False)

    def forward(self, x):
        return self.reduction(self.norm(torch.cat([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1)))


class Stage(nn.Module):
    def __init__(self, number, channels, heads, depth, side, size):
        super().__init__()
        self.downsample = Merging(channels // 2) if number else nn.Identity()
        self.blocks = nn.Sequential(*(Block(channels, heads, side, size, i % 2 == 1) for i in range(depth)))

    def forward(self, x):
        return self.blocks(self.downsample(x))


class Patches(nn.Module):
    def __init__(self, inputs, channels, side):
        super().__init__()
        self.proj = nn.Conv2d(inputs, channels, side, side)
        self.norm = nn.LayerNorm(channels, eps=1e-5)

    def forward(self, x):
        return self.norm(self.proj(x).permute(0, 2, 3, 1))


class Head(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(x.mean((1, 2)))


class Swin(nn.Module):
    def __init__(self, base, depths, heads, patch, window, size, classes, in_channels=3):
        super().__init__()
        self.patch_embed = Patches(in_channels, base, patch)
        self.layers = nn.ModuleList(
            Stage(i, base << i, heads[i], depths[i], window, size // (patch << i)) for i in range(len(depths)))
        self.norm = nn.LayerNorm(base << len(depths) - 1, eps=1e-5)
        self.head = Head(base << len(depths) - 1, classes)

    def forward(self, x):
        x = self.patch_embed(x)
        features = []
        for stage in self.layers:
            x = stage(x)
            features.append(x.permute(0, 3, 1, 2))
        self.features = features
        return self.head(self.norm(x))
