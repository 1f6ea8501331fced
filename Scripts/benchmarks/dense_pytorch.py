"""Segmenters in PyTorch, written from the papers, with the parameter names of mmsegmentation (necks and heads) and of
milesial's U-Net: the other side of the comparison."""
import torch
import torch.nn.functional as F
from hornet_pytorch import ChannelNorm, HorNet
from torch import nn


def resized(x, size):
    """Bilinear, half-pixel centers."""
    return x if x.shape[2:] == torch.Size(size) else F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


class ConvModule(nn.Module):
    """A convolution without bias, batch norm and ReLU, initialised as in mmsegmentation."""

    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Named(nn.Module):
    """A convolution that files know as `conv` of its place."""

    def __init__(self, *arguments, **options):
        super().__init__()
        self.conv = nn.Conv2d(*arguments, **options)

    def forward(self, x):
        return self.conv(x)


def classifier(channels, classes):
    layer = nn.Conv2d(channels, classes, 1)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer


class FeaturePyramid(nn.Module):
    def __init__(self, widths, channels):
        super().__init__()
        self.lateral_convs = nn.ModuleList(Named(width, channels, 1) for width in widths)
        self.fpn_convs = nn.ModuleList(Named(channels, channels, 3, padding=1) for _ in widths)
        for part in [*self.lateral_convs, *self.fpn_convs]:
            nn.init.xavier_uniform_(part.conv.weight)
            nn.init.zeros_(part.conv.bias)

    def forward(self, maps):
        sums = [lateral(x) for lateral, x in zip(self.lateral_convs, maps)]
        for i in range(len(sums) - 1, 0, -1):
            sums[i - 1] = sums[i - 1] + F.interpolate(sums[i], size=sums[i - 1].shape[2:], mode="nearest")
        return [convolution(x) for convolution, x in zip(self.fpn_convs, sums)]


class Doubling(nn.Module):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class SemanticFPNHead(nn.Module):
    """Kirillov et al., arXiv 1901.02446. Level i has a stride of 2^i times the finest one's."""

    def __init__(self, inputs, classes, channels=128, dropout=0.1, levels=4):
        super().__init__()
        self.scale_heads = nn.ModuleList()
        for level in range(levels):
            layers = []
            for i in range(max(1, level)):
                layers.append(ConvModule(inputs if i == 0 else channels, channels, 3))
                if level:
                    layers.append(Doubling())
            self.scale_heads.append(nn.Sequential(*layers))
        self.dropout = nn.Dropout2d(dropout)
        self.conv_seg = classifier(channels, classes)

    def forward(self, maps):
        total = self.scale_heads[0](maps[0])
        for head, x in zip(self.scale_heads[1:], maps[1:]):
            total = total + resized(head(x), total.shape[2:])
        return self.conv_seg(self.dropout(total))


class UPerNetHead(nn.Module):
    """Xiao et al., arXiv 1807.10221."""

    def __init__(self, widths, classes, channels=512, scales=(1, 2, 3, 6), dropout=0.1):
        super().__init__()
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(scale), ConvModule(widths[-1], channels, 1)) for scale in scales)
        self.bottleneck = ConvModule(widths[-1] + len(scales) * channels, channels, 3)
        self.lateral_convs = nn.ModuleList(ConvModule(width, channels, 1) for width in widths[:-1])
        self.fpn_convs = nn.ModuleList(ConvModule(channels, channels, 3) for _ in widths[:-1])
        self.fpn_bottleneck = ConvModule(len(widths) * channels, channels, 3)
        self.dropout = nn.Dropout2d(dropout)
        self.conv_seg = classifier(channels, classes)

    def forward(self, maps):
        last = maps[-1]
        pooled = [last] + [resized(pool(last), last.shape[2:]) for pool in self.psp_modules]
        sums = [lateral(x) for lateral, x in zip(self.lateral_convs, maps)] + [self.bottleneck(torch.cat(pooled, 1))]
        for i in range(len(sums) - 1, 0, -1):
            sums[i - 1] = sums[i - 1] + resized(sums[i], sums[i - 1].shape[2:])
        levels = [convolution(x) for convolution, x in zip(self.fpn_convs, sums)] + [sums[-1]]
        fused = self.fpn_bottleneck(torch.cat([resized(x, levels[0].shape[2:]) for x in levels], 1))
        return self.conv_seg(self.dropout(fused))


class FCNHead(nn.Module):
    """Long et al., arXiv 1411.4038, on one of the maps."""

    def __init__(self, inputs, classes, channels=256, convolutions=1, dropout=0.1, index=-1):
        super().__init__()
        self.index = index
        self.convs = nn.ModuleList(
            ConvModule(inputs if i == 0 else channels, channels, 3) for i in range(convolutions))
        self.dropout = nn.Dropout2d(dropout)
        self.conv_seg = classifier(channels if convolutions else inputs, classes)

    def forward(self, maps):
        x = maps[self.index]
        for convolution in self.convs:
            x = convolution(x)
        return self.conv_seg(self.dropout(x))


class Segmenter(HorNet):
    """HorNet, a norm for each of its maps, perhaps a pyramid, and a head; the logits have the resolution the head works in.
    In training the answer is a list: an auxiliary head's logits may follow."""

    def __init__(self, backbone, head, classes, neck_channels=256, head_options=None, auxiliary_channels=256,
                 drop_path=0.0, **options):
        super().__init__(**backbone, classes=classes, **options)
        del self.norm, self.head
        widths = [backbone["base"] << i for i in range(len(backbone["depths"]))]
        for i, width in enumerate(widths):
            setattr(self, f"norm{i}", ChannelNorm(width))
        self.granularity = 32
        head_options = head_options or {}
        self.neck = self.auxiliary_head = None
        if head == "semanticFPN":
            self.neck = FeaturePyramid(widths, neck_channels)
            self.decode_head = SemanticFPNHead(neck_channels, classes, levels=len(widths), **head_options)
        elif head == "fcn":
            self.decode_head = FCNHead(widths[head_options.get("index", -1)], classes, **head_options)
        else:
            self.decode_head = UPerNetHead(widths, classes, **head_options)
            if auxiliary_channels:
                self.auxiliary_head = FCNHead(
                    widths[-2], classes, auxiliary_channels, dropout=head_options.get("dropout", 0.1), index=-2)
        blocks = [block for stage in self.stages for block in stage]
        for i, block in enumerate(blocks):
            block.drop_path = drop_path * i / (len(blocks) - 1) if len(blocks) > 1 else 0.0

    def forward(self, x):
        maps = []
        for i, (downsample, stage) in enumerate(zip(self.downsample_layers, self.stages)):
            x = downsample(x)
            for block in stage:
                x = self.block(block, x)
            maps.append(getattr(self, f"norm{i}")(x))
        answer = [self.decode_head(self.neck(maps) if self.neck else maps)]
        if self.training and self.auxiliary_head:
            answer.append(self.auxiliary_head(maps))
        return answer

    def block(self, block, x):
        """A block whose branches are left out for some samples in training (stochastic depth, arXiv 1603.09382)."""
        if not self.training or block.drop_path == 0:
            return block(x)
        x = x + self.kept(block, x) * block.gamma1.view(1, -1, 1, 1) * block.gnconv(block.norm1(x))
        y = block.pwconv2(F.gelu(block.pwconv1(block.norm2(x.permute(0, 2, 3, 1)))))
        return x + self.kept(block, x) * (block.gamma2 * y).permute(0, 3, 1, 2)

    @staticmethod
    def kept(block, x):
        share = 1 - block.drop_path
        return torch.empty(len(x), 1, 1, 1).bernoulli_(share) / share


class DoubleConv(nn.Module):
    def __init__(self, inputs, outputs, middle=None):
        super().__init__()
        middle = middle or outputs
        self.double_conv = nn.Sequential(
            nn.Conv2d(inputs, middle, 3, padding=1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(inplace=True),
            nn.Conv2d(middle, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(inputs, outputs))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, inputs, outputs, bilinear):
        super().__init__()
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv = DoubleConv(inputs, outputs, inputs // 2)
        else:
            self.up = nn.ConvTranspose2d(inputs, inputs // 2, 2, 2)
            self.conv = DoubleConv(inputs, outputs)

    def forward(self, x, skip):
        x = self.up(x)
        rows, columns = (skip.shape[i] - x.shape[i] for i in (2, 3))
        if rows or columns:
            x = F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return self.conv(torch.cat([skip, x], 1))


class Last(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    """Ronneberger et al., arXiv 1505.04597, with padded convolutions and batch norm; PyTorch's first values."""

    def __init__(self, classes, base=64, bilinear=False, in_channels=3):
        super().__init__()
        self.granularity = 1
        share = 2 if bilinear else 1
        widths = [base, base * 2, base * 4, base * 8, base * 16 // share]
        self.inc = DoubleConv(in_channels, widths[0])
        for i in range(4):
            setattr(self, f"down{i + 1}", Down(widths[i], widths[i + 1]))
        for i in range(4):
            inputs = base << (4 - i)
            setattr(self, f"up{i + 1}", Up(inputs, inputs // 2 // (share if i < 3 else 1), bilinear))
        self.outc = Last(base, classes)

    def forward(self, x):
        skips = [self.inc(x)]
        for i in range(4):
            skips.append(getattr(self, f"down{i + 1}")(skips[-1]))
        x = skips.pop()
        for i in range(4):
            x = getattr(self, f"up{i + 1}")(x, skips.pop())
        return [self.outc(x)]
