#!/usr/bin/env python3
"""Trains a detector in PyTorch by the trainer's recipe: the other side of compare_detection.py.

    Scripts/benchmarks/detection_pytorch.py bccd-coco --size 240 320 --epochs 16
    Scripts/benchmarks/detection_pytorch.py nuclei-coco --model maskrcnn --size 256 256 --steps 20 --json

DATA is a folder with annotations/instances_PART.json and the images in PART or images, for the parts train, perhaps val, and
test. The model is torchvision's RetinaNet or Mask R-CNN with a ResNet-18. All images are held in memory. On a busy machine
OMP_WAIT_POLICY=PASSIVE in the environment makes it several times as fast. Needs torch, torchvision, numpy, pillow,
pycocotools and safetensors.
"""
import argparse
import json
import statistics
import sys
import time

import numpy as np
import torch
from detection_data import Data, measures, results, sample, written
from detectors_pytorch import build, channels_last, model_arguments, parameter_count
from training_pytorch import image_arguments, optimizer_arguments, optimizer_of, parsed, plan, rate, run_arguments


@torch.inference_mode()
def answers(model, part, arguments):
    """Everything the model says of a part as COCO's results file has it, and seconds of the model alone."""
    model.eval()
    first_label = 1 if arguments.model == "maskrcnn" else 0
    entries, seconds = [], 0.0
    for start in range(0, len(part), arguments.evaluation_batch):
        indices = range(start, min(len(part), start + arguments.evaluation_batch))
        images = [(part.images[i].float() / 255).to(arguments.device) for i in indices]
        begin = time.perf_counter()
        found = [{name: value.cpu() for name, value in answer.items()} for answer in model(images)]
        seconds += time.perf_counter() - begin
        for i, answer in zip(indices, found):
            entries += results(part, i, answer, first_label)
    return entries, seconds


def evaluate(model, part, arguments):
    entries, seconds = answers(model, part, arguments)
    found = {"boxes": measures(part, entries), "millisecondsPerImage": 1000 * seconds / max(1, len(part))}
    if arguments.model == "maskrcnn":
        found["masks"] = measures(part, entries, "segm")
    if arguments.results:
        written(entries, arguments.results)
    return found


def read_initial(model, path):
    """First values by torchvision's names; what the file does not have, or has in another shape, is named."""
    from safetensors.torch import load_file

    values, own = load_file(path), dict(model.named_parameters())
    problems = [name for name in own if name not in values or values[name].shape != own[name].shape]
    if problems:
        sys.exit(f"error: {path}: {problems[0]} is missing or has another shape, and {len(problems) - 1} others")
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(values[name])


def train(arguments):
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    generator = np.random.default_rng(arguments.seed)
    data = Data(arguments)
    part = data.parts["train"]
    model = build(arguments, len(data.names), data.mean, data.deviation)
    if arguments.initial:
        read_initial(model, arguments.initial)
    model = channels_last(model.to(arguments.device), arguments.memory_format)
    first_label = 1 if arguments.model == "maskrcnn" else 0
    optimizer = optimizer_of(model, arguments)
    images = len(part)
    batch, steps, total, warmup = plan(arguments, images)
    seconds, evaluating, seen, update, times, losses, best = 0.0, 0.0, 0, 0, [], [], None
    while update < total:
        order = generator.permutation(images)
        model.train()
        for step in range(min(steps, total - update)):
            begin = time.perf_counter()
            chosen = order[step * batch:(step + 1) * batch]
            samples = [sample(part, i, arguments, generator) for i in chosen]
            targets = [target | {"labels": target["labels"] + first_label} for _, target in samples]
            targets = [{name: value.to(arguments.device) for name, value in target.items()} for target in targets]
            for group in optimizer.param_groups:
                group["lr"] = rate(arguments, update, warmup, total)
            optimizer.zero_grad(set_to_none=True)
            loss = sum(model([image.to(arguments.device) for image, _ in samples], targets).values())
            loss.backward()
            if arguments.clip_norm:
                torch.nn.utils.clip_grad_norm_(model.parameters(), arguments.clip_norm)
            optimizer.step()
            losses.append(loss.item())
            times.append(time.perf_counter() - begin)
            seconds += times[-1]
            seen += len(chosen)
            update += 1
        if not arguments.steps and "validation" in data.parts and arguments.validate:
            begin = time.perf_counter()
            found = evaluate(model, data.parts["validation"], arguments)["boxes"]["AP"] or 0
            evaluating += time.perf_counter() - begin
            best = max(best or 0, found)
            if not arguments.json:
                print(f"epoch {update // steps:3}  loss {sum(losses[-steps:]) / steps:.4f}  AP {found:.4f}  "
                      f"{seen / seconds:.1f} images/s", flush=True)
        elif not arguments.json:
            print(f"epoch {update // steps:3}  loss {sum(losses[-steps:]) / min(steps, len(losses)):.4f}  "
                  f"{seen / seconds:.1f} images/s", flush=True)
    result = {
        "classes": len(data.names), "parameters": parameter_count(model), "updates": update, "images": images,
        "losses": [round(statistics.mean(losses[first:first + steps]), 4) for first in range(0, len(losses), steps)],
        "trainingSeconds": seconds, "imagesPerSecond": seen / seconds, "firstLoss": losses[0], "finalLoss": losses[-1],
        # The first steps find their memory; what a step takes is the median of the others.
        "stepSeconds": statistics.median(times[3:] or times),
    }
    if not arguments.steps:
        begin = time.perf_counter()
        result["test"] = evaluate(model, data.parts.get("test") or data.parts["validation"], arguments)
        evaluating += time.perf_counter() - begin
        result |= {"bestValidationAP": best, "evaluationSeconds": evaluating, "seconds": seconds + evaluating}
    return result


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("data", help="the folder of the images and annotations")
    model_arguments(parser)
    add("--padding", type=int, default=0, help="a random part of the image padded so far on each side is taken, as large as it")
    add("--flip", type=float, default=0.5, help="how often an image is mirrored")
    image_arguments(add)
    optimizer_arguments(add, warmup_epochs=1.0)
    run_arguments(add, "torchvision's", "contiguous")
    add("--validate", action="store_true", help="measure the validation part after each epoch, as the trainer does")
    add("--results", metavar="FILE", help="the answers to the test part, as COCO's results file has them")
    add("--device", default="cpu", help="cuda to learn about AP sooner; times are compared on the processor")
    return parser


def text(values):
    return ", ".join(f"{name} {values[name]:.4f}" for name in ("AP", "AP50", "AP75") if values[name] is not None)


def main():
    arguments = parsed(options())
    result = train(arguments)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{result['parameters']:,} parameters, {result['imagesPerSecond']:.1f} images/s in training")
    if "test" in result:
        test = result["test"]
        print(f"boxes: {text(test['boxes'])}; {test['millisecondsPerImage']:.1f} ms an image, {result['seconds']:.1f} s")
        if "masks" in test:
            print(f"masks: {text(test['masks'])}")


if __name__ == "__main__":
    main()
