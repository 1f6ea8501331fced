"""HorNet in PyTorch, written from the paper's equations, with the official parameter names: the other side of the comparison."""
import torch
import torch.nn.functional as F
from torch import nn


class ChannelNorm(nn.Module):
    """Layer norm over the channels of NCHW maps."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        # The permuted view is contiguous when x is channels-last, and then this is one fused kernel.
        return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6).permute(0, 3, 1, 2)


class GlobalLocalFilter(nn.Module):
    def __init__(self, channels, rows, columns):
        super().__init__()
        half = channels // 2
        self.complex_weight = nn.Parameter(torch.randn(half, rows, columns, 2) * 0.02)
        self.dw = nn.Conv2d(half, half, 3, padding=1, groups=half, bias=False)
        self.pre_norm = ChannelNorm(channels)
        self.post_norm = ChannelNorm(channels)

    def forward(self, x):
        height, width = x.shape[2:]
        local, spectral = self.pre_norm(x).chunk(2, 1)
        weight = self.complex_weight
        if weight.shape[1:3] != (height, width // 2 + 1):
            weight = F.interpolate(
                weight.permute(3, 0, 1, 2), size=(height, width // 2 + 1), mode="bilinear", align_corners=True
            ).permute(1, 2, 3, 0)
        weight = torch.view_as_complex(weight.contiguous())
        spectral = torch.fft.irfft2(
            torch.fft.rfft2(spectral.float(), norm="ortho") * weight, s=(height, width), norm="ortho")
        mixed = torch.stack([self.dw(local), spectral.to(local.dtype)], 2).flatten(1, 2)
        return self.post_norm(mixed)


class GnConv(nn.Module):
    def __init__(self, channels, order, scale, filter_size):
        super().__init__()
        self.widths = [channels >> (order - 1 - k) for k in range(order)]
        gates = sum(self.widths)
        self.scale = scale
        self.proj_in = nn.Conv2d(channels, 2 * channels, 1)
        if filter_size:
            self.dwconv = GlobalLocalFilter(gates, *filter_size)
        else:
            self.dwconv = nn.Conv2d(gates, gates, 7, padding=3, groups=gates)
        self.proj_out = nn.Conv2d(channels, channels, 1)
        self.pws = nn.ModuleList(nn.Conv2d(self.widths[k], self.widths[k + 1], 1) for k in range(order - 1))

    def forward(self, x):
        first, gates = self.proj_in(x).split([self.widths[0], sum(self.widths)], 1)
        gates = (self.dwconv(gates) * self.scale).split(self.widths, 1)
        x = first * gates[0]
        for projection, gate in zip(self.pws, gates[1:]):
            x = projection(x) * gate
        return self.proj_out(x)


class Block(nn.Module):
    def __init__(self, channels, order, scale, filter_size, layer_scale):
        super().__init__()
        self.gamma1 = nn.Parameter(torch.full((channels,), layer_scale))
        self.gamma2 = nn.Parameter(torch.full((channels,), layer_scale))
        self.norm1 = ChannelNorm(channels)
        self.gnconv = GnConv(channels, order, scale, filter_size)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.pwconv1 = nn.Linear(channels, 4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)

    def forward(self, x):
        x = x + self.gamma1.view(1, -1, 1, 1) * self.gnconv(self.norm1(x))
        y = self.pwconv2(F.gelu(self.pwconv1(self.norm2(x.permute(0, 2, 3, 1)))))
        return x + (self.gamma2 * y).permute(0, 3, 1, 2)


class HorNet(nn.Module):
    def __init__(self, base, depths, orders, stem_stride, filters, classes, in_channels=3, scale=1 / 3,
                 layer_scale=1e-6):
        super().__init__()
        widths = [base << i for i in range(len(depths))]
        stem = nn.Conv2d(in_channels, base, stem_stride, stem_stride) if stem_stride > 1 else nn.Conv2d(
            in_channels, base, 3, padding=1)
        self.downsample_layers = nn.ModuleList([nn.Sequential(stem, ChannelNorm(base))])
        for i in range(1, len(depths)):
            self.downsample_layers.append(
                nn.Sequential(ChannelNorm(widths[i - 1]), nn.Conv2d(widths[i - 1], widths[i], 2, 2)))
        self.stages = nn.ModuleList(
            nn.Sequential(*[Block(widths[i], orders[i], scale, filters[i], layer_scale) for _ in range(depths[i])])
            for i in range(len(depths)))
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.head = nn.Linear(widths[-1], classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x):
        features = []
        for downsample, stage in zip(self.downsample_layers, self.stages):
            x = stage(downsample(x))
            features.append(x)
        self.features = features
        return self.head(self.norm(x.mean((2, 3))))
