"""How other libraries call the parameters of the models that hornbeam has."""
import re

# For each spelling: its family, a name that only it has, and rules from its names to ours; the first that matches the
# whole name counts. HorNet's official names, timm's ConvNeXt and Swin, torchvision's ResNet and the official CvT are
# ours.
CVT_HEADS = {"query": "q", "key": "k", "value": "v"}


def _resnet_layer(tail):
    return lambda m: f"layer{int(m[1]) + 1}.{m[2]}." + (tail(m) if callable(tail) else tail) + m[m.lastindex]


def _convnext_stage(tail):
    return lambda m: f"stages.{(int(m[1]) - 1) // 2}." + (tail(m) if callable(tail) else tail) + m[m.lastindex]


TORCHVISION_BLOCK = {"block.0": "conv_dw", "block.2": "norm", "block.3": "mlp.fc1", "block.5": "mlp.fc2"}
OFFICIAL_BLOCK = {
    "dwconv": "conv_dw", "norm": "norm", "pwconv1": "mlp.fc1", "pwconv2": "mlp.fc2", "depthwise_conv": "conv_dw",
    "pointwise_conv1": "mlp.fc1", "pointwise_conv2": "mlp.fc2", "layernorm": "norm",
}
_PARAMETER = r"(weight|bias)"
_STATISTIC = r"(weight|bias|running_mean|running_var|num_batches_tracked)"
_CONVNEXT_DOWN = [
    (rf"(?:backbone\.)?downsample_layers\.0\.(.+)", r"stem.\1"),
    (rf"(?:backbone\.)?downsample_layers\.(\d+)\.(.+)", r"stages.\1.downsample.\2"),
]

SPELLINGS = {
    "mmpretrain HorNet": ("hornet", r"backbone\.stages\.\d+\.\d+\.gnconv\..*", [
        (rf"head\.fc\.{_PARAMETER}", r"head.\1"),
        (rf"backbone\.norm3\.{_PARAMETER}", r"norm.\1"),
        (r"backbone\.(stages\..*)\.(gamma[12])\.weight", r"\1.\2"),
        (r"backbone\.(stages\..*)\.gnconv\.projs\.(.*)", r"\1.gnconv.pws.\2"),
        (r"backbone\.((?:stages|downsample_layers)\..*)", r"\1"),
    ]),
    "HorNet": ("hornet", r"stages\.\d+\.\d+\.gnconv\..*", [(r"(.*)", r"\1")]),
    "torchvision ConvNeXt": ("convnext", r"features\.1\.0\.block\.0\.weight", [
        (r"features\.0\.(.*)", r"stem.\1"),
        (r"features\.(\d+)\.(\d+)\.layer_scale()", _convnext_stage(lambda m: f"blocks.{m[2]}.gamma")),
        (rf"features\.(\d*[13579])\.(\d+)\.(block\.\d)\.{_PARAMETER}",
         _convnext_stage(lambda m: f"blocks.{m[2]}.{TORCHVISION_BLOCK.get(m[3], m[3])}.")),
        (rf"features\.(\d*[02468])\.(\d)\.{_PARAMETER}", lambda m: f"stages.{int(m[1]) // 2}.downsample.{m[2]}.{m[3]}"),
        (rf"classifier\.0\.{_PARAMETER}", r"head.norm.\1"),
        (rf"classifier\.2\.{_PARAMETER}", r"head.fc.\1"),
    ]),
    "Hugging Face ConvNeXt": ("convnext", r"convnext\.encoder\.stages\.0\.layers\.0\.dwconv\.weight", [
        (r"convnext\.embeddings\.patch_embeddings\.(.*)", r"stem.0.\1"),
        (r"convnext\.embeddings\.layernorm\.(.*)", r"stem.1.\1"),
        (r"convnext\.encoder\.stages\.(\d+)\.downsampling_layer\.(.*)", r"stages.\1.downsample.\2"),
        (r"convnext\.encoder\.stages\.(\d+)\.layers\.(\d+)\.layer_scale_parameter", r"stages.\1.blocks.\2.gamma"),
        (rf"convnext\.encoder\.stages\.(\d+)\.layers\.(\d+)\.(\w+)\.{_PARAMETER}",
         lambda m: f"stages.{m[1]}.blocks.{m[2]}.{OFFICIAL_BLOCK.get(m[3], m[3])}.{m[4]}"),
        (r"convnext\.layernorm\.(.*)", r"head.norm.\1"),
        (r"classifier\.(.*)", r"head.fc.\1"),
    ]),
    "mmpretrain ConvNeXt": ("convnext", r"backbone\.stages\.0\.0\.depthwise_conv\.weight", _CONVNEXT_DOWN + [
        (r"backbone\.stages\.(\d+)\.(\d+)\.gamma", r"stages.\1.blocks.\2.gamma"),
        (rf"backbone\.stages\.(\d+)\.(\d+)\.(\w+)\.{_PARAMETER}",
         lambda m: f"stages.{m[1]}.blocks.{m[2]}.{OFFICIAL_BLOCK.get(m[3], m[3])}.{m[4]}"),
        (r"backbone\.norm3\.(.*)", r"head.norm.\1"),
        (r"(head\.fc\..*)", r"\1"),
    ]),
    "official ConvNeXt": ("convnext", r"stages\.0\.0\.dwconv\.weight", _CONVNEXT_DOWN + [
        (r"stages\.(\d+)\.(\d+)\.gamma", r"stages.\1.blocks.\2.gamma"),
        (rf"stages\.(\d+)\.(\d+)\.(\w+)\.{_PARAMETER}",
         lambda m: f"stages.{m[1]}.blocks.{m[2]}.{OFFICIAL_BLOCK.get(m[3], m[3])}.{m[4]}"),
        (r"norm\.(.*)", r"head.norm.\1"),
        (r"head\.(.*)", r"head.fc.\1"),
    ]),
    "timm ConvNeXt": ("convnext", r"stages\.0\.blocks\.0\.conv_dw\.weight", [(r"(.*)", r"\1")]),
    "Hugging Face ResNet": ("resnet", r"resnet\.encoder\.stages\.0\.layers\.0\.layer\.0\.convolution\.weight", [
        (r"resnet\.embedder\.embedder\.convolution\.(.*)", r"conv1.\1"),
        (r"resnet\.embedder\.embedder\.normalization\.(.*)", r"bn1.\1"),
        (rf"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.convolution\.(.*)", _resnet_layer("downsample.0.")),
        (rf"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.normalization\.{_STATISTIC}",
         _resnet_layer("downsample.1.")),
        (rf"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.convolution\.(.*)",
         _resnet_layer(lambda m: f"conv{int(m[3]) + 1}.")),
        (rf"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.normalization\.{_STATISTIC}",
         _resnet_layer(lambda m: f"bn{int(m[3]) + 1}.")),
        (r"classifier\.1\.(.*)", r"fc.\1"),
    ]),
    "mmpretrain ResNet": ("resnet", r"backbone\.layer1\.0\.conv1\.weight", [
        (r"backbone\.(.*)", r"\1"), (r"head\.(fc\..*)", r"\1")]),
    "torchvision ResNet": ("resnet", r"layer1\.0\.conv1\.weight", [(r"(.*)", r"\1")]),
    "Hugging Face CvT": ("cvt", r"cvt\.encoder\.stages\.0\.layers\.0\..*", [
        (r"cvt\.encoder\.stages\.(\d+)\.cls_token", r"stage\1.cls_token"),
        (r"cvt\.encoder\.stages\.(\d+)\.embedding\.convolution_embeddings\.projection\.(.*)",
         r"stage\1.patch_embed.proj.\2"),
        (r"cvt\.encoder\.stages\.(\d+)\.embedding\.convolution_embeddings\.normalization\.(.*)",
         r"stage\1.patch_embed.norm.\2"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.layernorm_before\.(.*)", r"stage\1.blocks.\2.norm1.\3"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.layernorm_after\.(.*)", r"stage\1.blocks.\2.norm2.\3"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.intermediate\.dense\.(.*)", r"stage\1.blocks.\2.mlp.fc1.\3"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.output\.dense\.(.*)", r"stage\1.blocks.\2.mlp.fc2.\3"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.attention\.output\.dense\.(.*)", r"stage\1.blocks.\2.attn.proj.\3"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.attention\.attention\.projection_(query|key|value)\.(.*)",
         lambda m: f"stage{m[1]}.blocks.{m[2]}.attn.proj_{CVT_HEADS[m[3]]}.{m[4]}"),
        (r"cvt\.encoder\.stages\.(\d+)\.layers\.(\d+)\.attention\.attention\.convolution_projection_(query|key|value)"
         rf"\.convolution_projection\.(convolution|normalization)\.{_STATISTIC}",
         lambda m: f"stage{m[1]}.blocks.{m[2]}.attn.conv_proj_{CVT_HEADS[m[3]]}."
                   f"{'conv' if m[4] == 'convolution' else 'bn'}.{m[5]}"),
        (r"layernorm\.(.*)", r"norm.\1"),
        (r"classifier\.(.*)", r"head.\1"),
    ]),
    # The authors have what leads into a stage at the end of the one before.
    "official Swin": ("swin", r"layers\.0\.downsample\.reduction\.weight", [
        (r"layers\.(\d+)\.downsample\.(.*)", lambda m: f"layers.{int(m[1]) + 1}.downsample.{m[2]}"),
        (rf"head\.{_PARAMETER}", r"head.fc.\1"),
        (r"(.*)", r"\1"),
    ]),
    "timm Swin": ("swin", r"layers\.0\.blocks\.0\.attn\.relative_position_bias_table", [
        (rf"head\.{_PARAMETER}", r"head.fc.\1"),
        (r"(.*)", r"\1"),
    ]),
    "torchvision Swin": ("swin", r"features\.1\.0\.attn\.relative_position_bias_table", [
        (rf"features\.0\.0\.{_PARAMETER}", r"patch_embed.proj.\1"),
        (rf"features\.0\.2\.{_PARAMETER}", r"patch_embed.norm.\1"),
        (r"features\.(\d*[13579])\.(\d+)\.mlp\.([03])\.(.*)",
         lambda m: f"layers.{int(m[1]) // 2}.blocks.{m[2]}.mlp.{'fc1' if m[3] == '0' else 'fc2'}.{m[4]}"),
        (r"features\.(\d*[13579])\.(\d+)\.(.*)", lambda m: f"layers.{int(m[1]) // 2}.blocks.{m[2]}.{m[3]}"),
        (r"features\.(\d*[02468])\.(.*)", lambda m: f"layers.{int(m[1]) // 2}.downsample.{m[2]}"),
        (rf"head\.{_PARAMETER}", r"head.fc.\1"),
        (rf"norm\.{_PARAMETER}", r"norm.\1"),
    ]),
    "official CvT": ("cvt", r"stage0\.patch_embed\.proj\.weight", [(r"(.*)", r"\1")]),
}


def recognise(names):
    """The spelling that a list of names is in, None when it is none of ours."""
    for spelling, (_, mark, _) in SPELLINGS.items():
        if any(re.fullmatch(mark, name) for name in names):
            return spelling
    return None


def rename(spelling, name):
    """Our name for a parameter; None for one that no rule of the spelling knows."""
    for pattern, replacement in SPELLINGS[spelling][2]:
        if match := re.fullmatch(pattern, name):
            return replacement(match) if callable(replacement) else match.expand(replacement)
    return None
