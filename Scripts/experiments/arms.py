"""What is run: the arms of the experiments, as commands of `trainer`.

An arm is one training (or one measurement) with one seed. Each ends in one small file of results. Arms only say what they
need; run.py decides what is still missing.
"""

from dataclasses import dataclass, field

STUDENT = "hornet_pico_7x7"
TEACHERS = ["hornet_nano_7x7", "hornet_nano_gf", "convnext_nano32", "cvt_nano32"]
SEEDS = [0, 1, 2]
MODEL_EPOCHS = 15  # of the student alone
STAGE_EPOCHS = 4
ORDER_EPOCHS = 1  # per teacher where every order is tried

KD = {"kind": "kd", "weight": 1, "temperature": 4}
PKD = {"kind": "pkd", "weight": 1}

# How a teacher is trained alone, on all images: its configuration and what is changed in it.
RECIPES = {
    "hornet_nano_7x7": (
        "Configs/cifar10-pico.yaml", {"model.name": "hornet_nano_7x7", "optimizer.learningRate": "3e-3", "training.epochs": 10}),
    "hornet_nano_gf": (
        "Configs/cifar10-pico.yaml", {"model.name": "hornet_nano_gf", "optimizer.learningRate": "3e-3", "training.epochs": 6}),
    "convnext_nano32": (
        "Configs/distill/cifar10/teacher.yaml",
        {"model.name": "convnext_nano32", "model.inputChannels": 3, "model.layerScale": 1, "training.epochs": 6},
    ),
    "cvt_nano32": (
        "Configs/distill/cifar10/teacher.yaml",
        {"model.name": "cvt_nano32", "model.inputChannels": 3, "optimizer.learningRate": "1e-3", "training.epochs": 4},
    ),
}


@dataclass
class Distillation:
    """One distillation of the student.

    `order` None stands for the order that Backward Greedy Selection finds. `way` is an arm of `trainer distill`.
    """

    name: str
    seed: int
    way: str
    order: list | None = None
    losses: list = field(default_factory=lambda: [KD, PKD])
    epochs: int = STAGE_EPOCHS
    start: str = "trained"
    student: str | None = None  # the name of the arm whose weights it starts from; the student of the seed if None
    settings: dict = field(default_factory=dict)


def main_arms(seed):
    """M2, M3, M4: the same student, the same epochs, the same restarts; only the teachers differ."""
    return [Distillation(way, seed, way) for way in ("progressive", "none", "direct", "ensemble")]


def bridge_arms(seed):
    """M5: an attention teacher and a convolutional student, with and without a teacher in between.

    Two runs of one stage each, since an order names no teacher twice.
    """
    return [
        Distillation("attention-first", seed, "progressive", order=["cvt_nano32"]),
        Distillation("bridge-first", seed, "progressive", order=["convnext_nano32"]),
        Distillation("attention-alone", seed, "progressive", order=["cvt_nano32"], student="attention-first"),
        Distillation("attention-bridged", seed, "progressive", order=["cvt_nano32"], student="bridge-first"),
        Distillation("bridge-alone", seed, "progressive", order=["convnext_nano32"], student="bridge-first"),
    ]


def repair_arms(seed):
    """Changes that might help the method: other losses, and a student that begins from nothing."""
    arms = []
    for way in ("progressive", "direct"):
        arms += [
            Distillation(f"kd-only-{way}", seed, way, losses=[KD]),
            Distillation(f"strong-{way}", seed, way, losses=[{**KD, "weight": 3}, {**PKD, "weight": 3}]),
            Distillation(f"scratch-{way}", seed, way, start="scratch", epochs=9),
        ]
    arms.append(Distillation("scratch-none", seed, "none", start="scratch", epochs=9))
    return arms


def prefix_name(order):
    return "+".join(order)


def order_arms(seed, orders):
    """M1: every order, each stage once: orders that begin alike share their beginning."""
    arms = []
    for order in orders:
        before = prefix_name(order[:-1])
        arms.append(
            Distillation(
                f"order-{prefix_name(order)}", seed, "progressive", order=[order[-1]], epochs=ORDER_EPOCHS,
                student=f"order-{before}" if before else None,
                settings={"optimizer.learningRate": "3e-3", "schedule.warmupEpochs": 0},
            )
        )
    return arms
