"""What is run of detectors: the arms of the experiments on scenes of digits and on real images.

An arm is one training (or one measurement) with one seed and ends in one small file of results. Arms only say what they
need; detectors.py decides what is still missing.
"""

from dataclasses import dataclass, field

SEEDS = [0, 1, 2]
PKD = {"kind": "pkd", "weight": 6}
FGD = {"kind": "fgd", "preset": "anchor"}
L2 = {"kind": "l2", "weight": 1}
HEAD = {"kind": "headKD", "weight": 1}


@dataclass
class Data:
    """A set of images with what it is learnt by.

    `teachers` are files beside `folder` by name, the strongest one last; `far` is of an architecture far from the student's
    and `bridge` one of the student's own.
    """

    name: str
    folder: str
    path: str
    height: int
    width: int
    epochs: int
    teacher_epochs: dict
    stage_epochs: int
    loss: dict
    teachers: dict = field(default_factory=dict)
    far: str = "hornet"
    bridge: str = "resnet"
    # Of the student and its stages alone.
    settings: dict = field(default_factory=dict)

    @property
    def strongest(self):
        return list(self.teachers)[-1]


SETS = {
    # Like published weights, the teachers know more images than the student is given.
    "scenes": Data(
        "scenes", "detect-scenes", "scenes", 96, 96, epochs=40, stage_epochs=15, loss={**PKD, "weight": 1},
        teacher_epochs={"resnet": 16, "hornet": 24, "resnet_wide": 20},
        teachers={"resnet": "resnet.yaml", "hornet": "hornet.yaml", "resnet_wide": "resnet-wide.yaml"},
        settings={"data.trainingImages": 300}),
    "bccd": Data(
        "bccd", "detect-cells", "bccd-coco", 256, 320, epochs=40, stage_epochs=15, loss={**PKD, "weight": 1},
        teacher_epochs=dict.fromkeys(["hornet", "resnet", "resnet_deep", "faster"], 12),
        teachers={"hornet": "hornet.yaml", "resnet": "resnet.yaml", "resnet_deep": "resnet-deep.yaml", "faster": "faster.yaml"},
        settings={"data.trainingImages": 60}),
    "nuclei": Data(
        "nuclei", "detect-cells", "nuclei-coco", 256, 256, epochs=8, stage_epochs=4, loss=FGD,
        teacher_epochs=dict.fromkeys(["resnet", "hornet", "faster", "resnet_deep"], 16),
        teachers={"resnet": "resnet.yaml", "hornet": "hornet.yaml", "faster": "faster.yaml", "resnet_deep": "resnet-deep.yaml"}),
}

# The student is the configuration's own, of the families below; widths are for the sweep over the gap.
STUDENT = {"model.name": "resnet18", "model.baseWidth": 16, "neck.channels": 32}
# A finer level, for detectors of smaller images than their anchors are made for.
SMALL_OBJECTS = {"neck.firstStage": 0}


@dataclass
class Distillation:
    """One distillation of the student.

    `order` None stands for the order that Backward Greedy Selection finds, `way` is an arm of `trainer distill`. `scale` is
    the side of the student's input as a part of the whole.
    """

    name: str
    seed: int
    way: str
    order: list | None = None
    losses: list | None = None
    epochs: int | None = None
    start: str = "trained"
    after: str | None = None  # the arm whose weights it starts from; the student of the seed if None
    patience: int = 0
    scale: float = 1
    width: int | None = None  # of the student
    settings: dict = field(default_factory=dict)


def main_arms(seed):
    """M2, M3, M4, M6, M7, M10: the same student, the same epochs; only the teachers differ."""
    return [Distillation(way, seed, way) for way in ("progressive", "none", "direct", "ensemble", "adaptive")]


def bridge_arms(data, seed):
    """M5: the far architecture with and without a bridge, two stages each; and alone from the same family."""
    arms = [
        Distillation("far-first", seed, "progressive", order=[data.far]),
        Distillation("bridge-first", seed, "progressive", order=[data.bridge]),
        Distillation("near-first", seed, "progressive", order=[data.strongest]),
    ]
    for before, last in (("far", data.far), ("bridge", data.far), ("near", data.strongest)):
        name = {"far": "far-direct", "bridge": "far-bridged", "near": "near-direct"}[before]
        arms.append(Distillation(name, seed, "progressive", order=[last], after=f"{before}-first"))
    return arms


def size_arms(seed):
    """M8: a student of a quarter of the size; teachers of half, three quarters and all of it, or the last one alone."""
    return [
        Distillation("sizes-progressive", seed, "progressive", order=["half", "three_quarters", "whole"], scale=0.25),
        Distillation("sizes-direct", seed, "direct", order=["half", "three_quarters", "whole"], scale=0.25),
        Distillation("sizes-none", seed, "none", order=["half", "three_quarters", "whole"], scale=0.25),
    ]


def sweep_arms(data, seed):
    """Where a sequence pays: one condition at a time is changed, in the progressive arm and in the direct one."""
    changes = {
        "long": {"epochs": 2 * data.stage_epochs},
        "short": {"epochs": max(1, data.stage_epochs // 3)},
        "scratch": {"start": "scratch", "epochs": 2 * data.stage_epochs},
        "narrow": {"width": 8},
        "l2": {"losses": [L2]},
        "pkd": {"losses": [PKD]},
        "fgd": {"losses": [FGD]},
        "head": {"losses": [PKD, HEAD]},
        "patient": {"patience": 2, "epochs": 2 * data.stage_epochs},
    }
    arms = []
    for name, change in changes.items():
        for way in ("progressive", "direct"):
            # A head with the student's anchors on every level is that of the RetinaNets alone.
            order = ["resnet", data.strongest] if name == "head" else None
            arms.append(Distillation(f"{name}-{way}", seed, way, order=order, **change))
    return arms


def order_arms(seed, orders):
    """M1: every order with whole stages; orders that begin alike share their beginning."""
    arms = []
    for order in orders:
        before = "+".join(order[:-1])
        arms.append(
            Distillation(
                f"order-{'+'.join(order)}", seed, "progressive", order=[order[-1]],
                after=f"order-{before}" if before else None))
    return arms
