"""Mobile-Former in PyTorch, written from the paper, with the official parameter names: the other side of the comparison.
Rows are (width, expansion, stride); the first one has no tokens."""
import torch
import torch.nn.functional as F
from torch import nn


def unit(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs))


def attention(q, k, v, heads):
    parts = [x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (q, k, v)]
    return F.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)


class HardSigmoid(nn.Module):
    """PyTorch's own has a gradient of a sixth in single precision, also where all else is in double."""

    def forward(self, x):
        return nn.functional.relu6(x + 3) / 6


class MapToTokens(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.alpha = nn.Sequential(nn.Linear(width, channels), HardSigmoid())
        self.q = nn.Linear(width, channels)
        self.proj = nn.Linear(channels, width)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, map, tokens):
        pixels = map.flatten(2).transpose(1, 2)
        mixed = attention(self.q(tokens), pixels, pixels, 2) * (2 * self.alpha(tokens))
        return self.layer_norm(tokens + self.proj(mixed))


class TokenBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q = nn.Linear(width, width)
        self.channel_mlp = nn.Linear(width, width)
        self.layer_norm = nn.LayerNorm(width)
        self.ffn = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.ffn_norm = nn.LayerNorm(width)

    def forward(self, tokens):
        tokens = self.layer_norm(tokens + self.channel_mlp(attention(self.q(tokens), tokens, tokens, 4)))
        return self.ffn_norm(tokens + self.ffn(tokens))


class TokensToMap(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.k = nn.Linear(width, channels)
        self.proj = nn.Linear(width, channels)

    def forward(self, map, tokens):
        mixed = attention(map.flatten(2).transpose(1, 2), self.k(tokens), self.proj(tokens), 2)
        return map + mixed.transpose(1, 2).unflatten(2, map.shape[2:])


class Slopes(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.hyper = nn.Sequential(
            nn.Linear(width, width // 4), nn.ReLU(), nn.Linear(width // 4, 2 * channels), HardSigmoid())

    def forward(self, x, token):
        a, b = self.hyper(token)[:, :, None, None].chunk(2, 1)
        return torch.maximum(2 * a * x, (2 * b - 1) * x)


class Lite(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        wide = inputs * expansion
        self.conv = nn.Sequential(
            *unit(inputs, wide, 3, stride, inputs), nn.ReLU6(), nn.Identity(), *unit(wide, outputs, 1))
        self.identity = inputs == outputs and stride == 1

    def forward(self, x):
        return x + self.conv(x) if self.identity else self.conv(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride, width):
        super().__init__()
        wide = inputs * expansion
        self.local_global = MapToTokens(inputs, width)
        self.global_block = TokenBlock(width)
        self.halves, self.identity = stride == 2, inputs == outputs
        self.hyper1 = Slopes(wide, width)
        if self.halves:
            self.conv1 = unit(inputs, wide, 3, 2, inputs)
            self.conv2 = unit(wide, outputs, 1)
            self.conv3 = unit(outputs, 4 * outputs, 3, 1, outputs)
            self.conv4 = unit(4 * outputs, outputs, 1)
            self.hyper3 = Slopes(4 * outputs, width)
        else:
            self.conv1 = unit(inputs, wide, 1)
            self.conv2 = unit(wide, wide, 3, 1, wide)
            self.conv3 = unit(wide, outputs, 1)
            self.hyper2 = Slopes(wide, width)
        self.global_local = TokensToMap(outputs, width)

    def forward(self, x, tokens):
        tokens = self.global_block(self.local_global(x, tokens))
        first = tokens[:, 0]
        if self.halves:
            half = self.conv2(self.hyper1(self.conv1(x), first))
            y = half + self.conv4(self.hyper3(self.conv3(half), first))
        else:
            y = self.conv3(self.hyper2(self.conv2(self.hyper1(self.conv1(x), first)), first))
            if self.identity:
                y = x + y
        return self.global_local(y, tokens), tokens


class Classifier(nn.Module):
    def __init__(self, channels, width, expansion, embedding, classes):
        super().__init__()
        self.conv = nn.Sequential(nn.Identity(), *unit(channels, expansion * channels, 1), nn.ReLU6())
        self.fc = nn.Sequential(
            nn.Linear(expansion * channels + width, embedding), nn.BatchNorm1d(embedding), nn.Hardswish())
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(embedding, classes))

    def forward(self, x, token):
        return self.classifier(self.fc(torch.cat([F.hardswish(self.conv(x).mean((2, 3))), token], 1)))


class MobileFormer(nn.Module):
    def __init__(self, stem, stem_stride, rows, tokens, width, embedding, classes, expansion=6, in_channels=3):
        super().__init__()
        self.tokens = nn.Embedding(tokens, width)
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, stem, 3, stem_stride, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU6())
        inputs = [stem] + [row[0] for row in rows]
        self.features = nn.ModuleList(
            Lite(inputs[i], *row) if i == 0 else Block(inputs[i], *row, width) for i, row in enumerate(rows))
        self.local_global = MapToTokens(inputs[-1], width)
        self.classifier = Classifier(inputs[-1], width, expansion, embedding, classes)
        self.taps = [i for i in range(1, len(rows)) if i == len(rows) - 1 or rows[i + 1][2] == 2]

    def forward(self, x):
        tokens = self.tokens.weight.expand(len(x), -1, -1)
        x = self.features[0](self.stem(x))
        rows = [x]
        for block in self.features[1:]:
            x, tokens = block(x, tokens)
            rows.append(x)
        self.__dict__["maps"] = [rows[i] for i in self.taps]
        return self.classifier(x, self.local_global(x, tokens)[:, 0])
