#!/usr/bin/env python3
"""Trains a segmenter in PyTorch by the trainer's recipe: the other side of compare_segmentation.py.

    Scripts/benchmarks/segmentation_pytorch.py camvid --model hornet --base 16 --crop 256 256 --epochs 8 --json
    Scripts/benchmarks/segmentation_pytorch.py isic2017 --model unet --base 16 --resize 128 128 --steps 20

DATA is a folder with train, perhaps val or validation, and test in it; each has images/NAME.* and labels/NAME.png, whose
values are classes (255 counts for nothing), and beside them there is perhaps a classes.txt. All images are held in memory.
On a busy machine OMP_WAIT_POLICY=PASSIVE in the environment makes it several times as fast. Needs torch,
numpy, pillow and safetensors.
"""
import argparse
import json
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from dense_pytorch import Segmenter, UNet, resized
from segmentation_data import IGNORED, Augmentation, Data
from training_pytorch import image_arguments, optimizer_arguments, optimizer_of, parsed, plan, rate, run_arguments


def build(arguments, classes):
    if arguments.model == "unet":
        return UNet(classes, arguments.base, arguments.bilinear)
    backbone = dict(base=arguments.base, depths=arguments.depths, orders=arguments.orders,
                    stem_stride=arguments.stem_stride, filters=[None] * len(arguments.depths))
    head = {"dropout": arguments.dropout}
    if arguments.head_channels:
        head["channels"] = arguments.head_channels
    model = Segmenter(
        backbone, arguments.head, classes, neck_channels=arguments.neck_channels, head_options=head,
        auxiliary_channels=arguments.auxiliary_channels, drop_path=arguments.drop_path,
        layer_scale=arguments.layer_scale, scale=arguments.gate_scale)
    if arguments.initialization == "uniform":
        for module in [*model.downsample_layers.modules(), *model.stages.modules()]:
            if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
                torch.nn.init.xavier_uniform_(module.weight)
    return model


def read_initial(model, path):
    """First values from a safetensors file; what it lacks and what it has too much ends the program."""
    from safetensors.torch import load_file

    tensors = load_file(path)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        sys.exit(f"error: {path}: lacks {missing[:3]} and has {unexpected[:3]}, expected the model's names")


def soft_dice(logits, target, classes):
    """1 - (2 sum pt + 1) / (sum p + sum t + 1), the mean over the classes, sums over the whole batch."""
    counted = (target != IGNORED)[:, None]
    shares = logits.softmax(1) * counted
    truth = F.one_hot(target.clamp(max=classes - 1), classes).permute(0, 3, 1, 2) * counted
    both, either = (shares * truth).sum((0, 2, 3)), shares.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    return (1 - (2 * both + 1) / (either + 1)).mean()


def loss_of(answer, target, classes, arguments):
    main = resized(answer[0], target.shape[1:])
    loss = F.cross_entropy(main, target, ignore_index=IGNORED, label_smoothing=arguments.label_smoothing)
    if arguments.dice:
        loss = loss + arguments.dice * soft_dice(main, target, classes)
    for other in answer[1:]:
        loss = loss + arguments.auxiliary * F.cross_entropy(
            resized(other, target.shape[1:]), target, ignore_index=IGNORED, label_smoothing=arguments.label_smoothing)
    return loss


@torch.inference_mode()
def evaluate(model, part, data, arguments):
    """The measures over whole images from one count of pixels by label and answer, and the mean of each image's Dice."""
    model.eval()
    classes = data.classes
    confusion = torch.zeros(classes * classes, dtype=torch.int64)
    image_dice, start = [], 0
    while start < len(part):
        end = start + 1
        while end < min(len(part), start + arguments.evaluation_batch) and part[end][1].shape == part[start][1].shape:
            end += 1
        images = torch.stack([image for image, _ in part[start:end]])
        size = images.shape[2:]
        if arguments.fit:
            factor = min(max(arguments.fit) / max(size), min(arguments.fit) / min(size))
            shape = [max(1, int(side * factor + 0.5)) for side in size]
            if shape != list(size):
                images = F.interpolate(images.float(), size=shape, mode="bilinear", antialias=True).round().clamp(0, 255)
        images = data.normalized(images)
        rows, columns = (-side % model.granularity for side in images.shape[2:])
        inside = images.shape[2:]
        images = F.pad(images, (0, columns, 0, rows)).contiguous(memory_format=arguments.layout)
        logits = model(images)[0]
        if rows or columns:
            # The padding's share of the score map lies beyond the image.
            large = [-(-side * (have + more) // have) for side, have, more in zip(size, inside, (rows, columns))]
            logits = resized(logits, large)[:, :, :size[0], :size[1]]
        answers = resized(logits, size).argmax(1)
        for (_, mask), answer in zip(part[start:end], answers):
            counted = mask != IGNORED
            own = torch.bincount(mask[counted].long() * classes + answer[counted], minlength=classes * classes)
            confusion += own
            image_dice.append(measures(own.view(classes, classes), arguments.background)["meanDice"])
        start = end
    found = measures(confusion.view(classes, classes), arguments.background)
    found["imageDice"] = sum(1 if value is None else value for value in image_dice) / max(1, len(image_dice))
    return found


def measures(confusion, background):
    """All measures, exact, of one matrix of counts; None where a class is in neither labels nor answers."""
    confusion = confusion.double()
    hits, labeled, predicted = confusion.diag(), confusion.sum(1), confusion.sum(0)
    share = lambda part, whole: [float(p / w) if w > 0 else None for p, w in zip(part, whole)]
    mean = lambda values: sum(values) / len(values) if values else None
    iou, dice = share(hits, labeled + predicted - hits), share(2 * hits, labeled + predicted)
    total = confusion.sum()
    return {
        "meanIoU": mean([value for value in iou if value is not None]),
        "pixelAccuracy": float(hits.sum() / total) if total > 0 else None,
        "meanDice": mean([value for i, value in enumerate(dice) if value is not None and i != background]),
        "perClass": [{"iou": a, "dice": b} for a, b in zip(iou, dice)],
    }


def train(arguments):
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    generator = np.random.default_rng(arguments.seed)
    arguments.layout = torch.channels_last if arguments.memory_format == "channels_last" else torch.contiguous_format
    data = Data(arguments)
    parts, classes = data.parts, data.classes
    model = build(arguments, classes)
    if arguments.initial:
        read_initial(model, arguments.initial)
    model = model.to(memory_format=arguments.layout)
    run = torch.compile(model) if arguments.compile else model
    augmentation = Augmentation(arguments, data)
    optimizer = optimizer_of(model, arguments)
    images = len(parts["train"])
    batch, steps, total, warmup = plan(arguments, images)
    seconds, preparing, evaluating, seen, update, times, losses = 0.0, 0.0, 0.0, 0, 0, [], []
    best = None
    while update < total:
        order = generator.permutation(images)
        model.train()
        for step in range(min(steps, total - update)):
            begin = time.perf_counter()
            chosen = order[step * batch:(step + 1) * batch]
            samples = [augmentation(*parts["train"][i], generator) for i in chosen]
            x = data.normalized(torch.stack([sample[0] for sample in samples])).contiguous(memory_format=arguments.layout)
            target = torch.stack([sample[1] for sample in samples]).long()
            preparing += time.perf_counter() - begin
            for group in optimizer.param_groups:
                group["lr"] = rate(arguments, update, warmup, total)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(run(x), target, classes, arguments)
            loss.backward()
            if arguments.clip_norm:
                torch.nn.utils.clip_grad_norm_(model.parameters(), arguments.clip_norm)
            optimizer.step()
            losses.append(loss.item())
            times.append(time.perf_counter() - begin)
            seconds += times[-1]
            seen += len(chosen)
            update += 1
        if not arguments.steps and parts["validation"]:
            begin = time.perf_counter()
            found = evaluate(model, parts["validation"], data, arguments)["meanIoU"]
            evaluating += time.perf_counter() - begin
            best = max(best or 0, found or 0)
            if not arguments.json:
                print(f"epoch {update // steps:3}  loss {sum(losses[-steps:]) / steps:.4f}  mIoU {found:.4f}  "
                      f"{seen / seconds:.1f} images/s", flush=True)
    result = {
        "classes": classes, "parameters": sum(p.numel() for p in model.parameters()), "updates": update,
        "images": images,
        "trainingSeconds": seconds, "preparationShare": preparing / seconds, "imagesPerSecond": seen / seconds, "finalLoss": losses[-1], "firstLoss": losses[0],
        # The first steps find their memory; what a step takes is the median of the others.
        "stepSeconds": statistics.median(times[3:] or times),
    }
    if not arguments.steps:
        begin = time.perf_counter()
        result["test"] = evaluate(model, parts["test"] or parts["validation"], data, arguments)
        evaluating += time.perf_counter() - begin
        result |= {"bestValidationMeanIoU": best, "evaluationSeconds": evaluating, "seconds": seconds + evaluating}
    return result


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("data", help="the folder of the images and labels")
    add("--model", choices=["hornet", "unet"], default="hornet")
    add("--base", type=int, default=16, help="channels of the first stage")
    add("--depths", type=int, nargs="+", default=[1, 1, 2, 1])
    add("--orders", type=int, nargs="+", default=[2, 3, 4, 5])
    add("--stem-stride", type=int, default=2)
    add("--layer-scale", type=float, default=1e-6)
    add("--gate-scale", type=float, default=1 / 3)
    add("--drop-path", type=float, default=0.0)
    add("--bilinear", action="store_true", help="U-Net upsamples by interpolation")
    add("--initialization", choices=["normal", "uniform"], default="normal", help="first values of HorNet")
    add("--head", choices=["semanticFPN", "upernet", "fcn"], default="semanticFPN")
    add("--neck-channels", type=int, default=256)
    add("--head-channels", type=int, default=0, help="those of the article by default")
    add("--dropout", type=float, default=0.1)
    add("--auxiliary-channels", type=int, default=256, help="of UPerNet's auxiliary head; 0 for none")
    add("--classes", type=int, help="as many as classes.txt names by default")
    add("--resize", type=int, nargs=2, metavar=("H", "W"), help="training images and labels are brought to this size")
    add("--resize-by", choices=["crop", "stretch"], default="crop", help="what is done to images of another shape")
    add("--scales", type=float, nargs=2, metavar=("LOW", "HIGH"), help="then to a random multiple of their size")
    add("--scale-fit", type=int, nargs=2, metavar=("LONG", "SHORT"), help="or of the size that fits into this box")
    add("--crop", type=int, nargs=2, metavar=("H", "W"), help="then a random part of this size is taken")
    add("--padding", type=int, default=0, help="of the padded image, with so many pixels on each side")
    add("--fill", choices=["black", "mean"], default="black", help="the color of the padding")
    add("--class-share", type=float, default=1.0, help="the most of a crop that one class may cover")
    add("--flip", type=float, default=0.0, help="how often an image is mirrored")
    add("--photometric", action="store_true", help="distort brightness, contrast and colors")
    add("--fit", type=int, nargs=2, metavar=("LONG", "SHORT"), help="evaluated images are fitted into this box")
    image_arguments(add)
    add("--background", type=int, help="the class left out of the mean Dice")
    optimizer_arguments(add, warmup_epochs=0.0)
    add("--label-smoothing", type=float, default=0.0)
    add("--dice", type=float, default=0.0, help="weight of soft Dice beside cross-entropy")
    add("--auxiliary", type=float, default=0.4, help="weight of the auxiliary head's loss")
    run_arguments(add, "the trainer's", "channels_last")
    add("--compile", action="store_true", help="with torch.compile")
    return parser


def main():
    arguments = parsed(options())
    result = train(arguments)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{result['parameters']:,} parameters, {result['imagesPerSecond']:.1f} images/s in training")
    if "test" in result:
        test = result["test"]
        print(f"mIoU {test['meanIoU']:.4f}, pixel accuracy {test['pixelAccuracy']:.4f}, mean Dice {test['meanDice']:.4f} "
              f"(per image {test['imageDice']:.4f}), {result['seconds']:.1f} s")


if __name__ == "__main__":
    main()
