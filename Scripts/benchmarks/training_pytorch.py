"""What the PyTorch twins of segmentation and detection share: the optimizer, how many updates there are, the learning rate of
each, and the options that say so.
"""
import math
import sys

import torch


def rate(arguments, update, warmup, total):
    """The learning rate of an update, counted from 0: linear to the base rate, then that or half a cosine to the
    least one."""
    least = min(arguments.minimum_rate, arguments.rate)
    if update < warmup:
        start = min(arguments.warmup_rate, arguments.rate)
        return start + (arguments.rate - start) * update / warmup
    if arguments.schedule == "constant":
        return arguments.rate
    progress = min(1, (update - warmup) / (total - warmup)) if total > warmup else 0
    return least + (arguments.rate - least) / 2 * (1 + math.cos(math.pi * progress))


def plan(arguments, images):
    """The images of a batch, the updates of an epoch, all updates, and those of the warm-up."""
    batch = min(arguments.batch, images)
    whole = arguments.drop_last == "on" or arguments.drop_last == "auto" and images // batch >= 10
    steps = images // batch if whole else -(-images // batch)
    total = arguments.steps or steps * arguments.epochs
    warmup = int(arguments.warmup_epochs * steps + 0.5)
    return batch, steps, total, total // 5 if warmup >= total else warmup


def optimizer_of(model, arguments):
    """AdamW; what has one dimension is not decayed."""
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": arguments.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=arguments.rate, betas=tuple(arguments.betas), eps=arguments.epsilon)


def image_arguments(add):
    add("--mean", type=float, nargs=3, help="of the pixels, 0 to 1; measured by default")
    add("--deviation", type=float, nargs=3)


def optimizer_arguments(add, warmup_epochs):
    add("--rate", type=float, default=1e-3)
    add("--weight-decay", type=float, default=0.05)
    add("--betas", type=float, nargs=2, default=[0.9, 0.999])
    add("--epsilon", type=float, default=1e-8)
    add("--clip-norm", type=float, default=0.0)
    add("--schedule", choices=["cosine", "constant"], default="cosine")
    add("--warmup-epochs", type=float, default=warmup_epochs)
    add("--warmup-rate", type=float, default=0.0)
    add("--minimum-rate", type=float, default=1e-6)


def run_arguments(add, names, memory_format):
    """names -- whose names a file of first values has"""
    add("--epochs", type=int, default=8)
    add("--batch", type=int, default=8)
    add("--drop-last", choices=["auto", "on", "off"], default="auto")
    add("--evaluation-batch", type=int, default=8)
    add("--steps", type=int, default=0, help="so many updates, no evaluation: to measure time")
    add("--limit", type=int, default=0, help="images of each part that are read; all by default")
    add("--initial", metavar="FILE", help=f"first values, a safetensors file with {names} names")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=2)
    add("--memory-format", choices=["channels_last", "contiguous"], default=memory_format)
    add("--json", action="store_true", help="prints JSON alone")


def parsed(parser):
    arguments = parser.parse_args()
    if bool(arguments.mean) != bool(arguments.deviation):
        sys.exit("error: --mean and --deviation go together")
    return arguments
