/// What other programs call the keys of a configuration here: people type the name that they know.
public enum FieldNames {
    /// Dotted key by a name in lower case without `_` and `-`.
    private static let keys: [String: String] = [
        "lr": "optimizer.learningRate", "lr0": "optimizer.learningRate", "baselr": "optimizer.learningRate",
        "learningrateinit": "optimizer.learningRate", "eta": "optimizer.learningRate",
        "wd": "optimizer.weightDecay", "decay": "optimizer.weightDecay", "l2": "optimizer.weightDecay",
        "opt": "optimizer.kind", "optim": "optimizer.kind", "optimizer": "optimizer.kind",
        "momentum": "optimizer.momentum", "beta1": "optimizer.betas", "beta2": "optimizer.betas",
        "adambetas": "optimizer.betas", "eps": "optimizer.epsilon",
        "clip": "optimizer.clipNorm", "clipgrad": "optimizer.clipNorm", "gradclip": "optimizer.clipNorm",
        "maxgradnorm": "optimizer.clipNorm", "gradientclipval": "optimizer.clipNorm",
        "sam": "optimizer.sharpness", "asam": "optimizer.sharpness.adaptive", "rho": "optimizer.sharpness.radius",
        "swa": "optimizer.averageAfter", "swastart": "optimizer.averageAfter",
        "ema": "optimizer.ema.decay", "emadecay": "optimizer.ema.decay", "modelema": "optimizer.ema.decay",
        "freeze": "optimizer.freeze", "lrdecay": "optimizer.layerDecay", "llrd": "optimizer.layerDecay",
        "bs": "training.batchSize", "batch": "training.batchSize", "trainbatchsize": "training.batchSize",
        "perdevicetrainbatchsize": "training.batchSize", "minibatch": "training.batchSize",
        "epochs": "training.epochs", "epoch": "training.epochs", "ep": "training.epochs",
        "numepochs": "training.epochs", "nepochs": "training.epochs", "maxepochs": "training.epochs",
        "numtrainepochs": "training.epochs",
        "amp": "training.precision", "fp16": "training.precision", "bf16": "training.precision",
        "half": "training.precision", "mixedprecision": "training.precision", "dtype": "training.precision",
        "precision": "training.precision",
        "workers": "training.loaderThreads", "numworkers": "training.loaderThreads",
        "nw": "training.loaderThreads", "dataloadernumworkers": "training.loaderThreads",
        "numthreads": "training.threads", "cpus": "training.threads", "jobs": "training.threads",
        "accumulate": "training.accumulation", "accum": "training.accumulation",
        "gradaccum": "training.accumulation", "gradaccumsteps": "training.accumulation",
        "gradientaccumulationsteps": "training.accumulation", "accumulategradbatches": "training.accumulation",
        "gradientcheckpointing": "training.checkpointing", "gradcheckpointing": "training.checkpointing",
        "patience": "training.earlyStopping", "earlystop": "training.earlyStopping",
        "imgsize": "data.imageSize", "imgsz": "data.imageSize", "size": "data.imageSize",
        "inputsize": "data.imageSize", "resolution": "data.imageSize", "trainres": "data.imageSize",
        "data": "data.path", "dataset": "data.path", "datadir": "data.path", "datapath": "data.path",
        "dataroot": "data.path", "root": "data.path", "traindir": "data.path",
        "val": "data.validation", "valsplit": "data.validation", "validationsplit": "data.validation",
        "valratio": "data.validation", "valdir": "data.validation",
        "interpolation": "data.filter", "std": "data.deviation", "hflip": "data.flip", "fliplr": "data.flip",
        "degrees": "data.rotation", "translate": "data.translation", "jitter": "data.colorJitter",
        "aa": "data.randAugment", "trivialaugmentwide": "data.trivialAugment", "tawide": "data.trivialAugment",
        "threeaug": "data.threeAugment", "3augment": "data.threeAugment", "augrepeats": "data.repeats",
        "repeatedaug": "data.repeats", "gaussianblur": "data.blur",
        "autoaugment": "data.randAugment", "reprob": "data.erasing",
        "randomerasing": "data.erasing", "croppct": "data.evaluationCrop",
        "scheduler": "schedule.kind", "sched": "schedule.kind", "lrscheduler": "schedule.kind",
        "lrschedulertype": "schedule.kind", "coslr": "schedule.kind",
        "pctstart": "schedule.oneCycle.rise", "divfactor": "schedule.oneCycle.startDivisor",
        "finaldivfactor": "schedule.oneCycle.endDivisor", "annealstrategy": "schedule.oneCycle.anneal",
        "t0": "schedule.restarts.epochs", "tmult": "schedule.restarts.factor",
        "warmup": "schedule.warmupEpochs", "lrwarmupepochs": "schedule.warmupEpochs",
        "smoothing": "loss.labelSmoothing", "criterion": "loss.kind",
        "weights": "model.weights", "pretrained": "model.weights", "initialcheckpoint": "model.weights",
        "checkpoint": "model.weights", "ckpt": "model.weights", "finetune": "model.weights",
        "model": "model.name", "arch": "model.name", "architecture": "model.name", "backbone": "model.name",
        "nc": "model.classes", "numclasses": "model.classes", "nclasses": "model.classes",
        "nbclasses": "model.classes", "inchans": "model.inputChannels", "channels": "model.inputChannels",
        "droppathrate": "model.dropPath", "stochasticdepth": "model.dropPath",
        "randomseed": "run.seed", "manualseed": "run.seed", "randomstate": "run.seed",
        "outputdir": "run.output", "outdir": "run.output", "savedir": "run.output", "logdir": "run.output",
        "tensorboard": "reporting.tensorBoard",
    ]

    /// The key that a name of the field stands for, nil where it is no such name.
    public static func key(of name: String) -> String? { keys[String(folded(name))] }

    /// The keys whose last word is this name but for case, `_` and `-`.
    public static func keys(named name: String, in paths: [String]) -> [String] {
        paths.filter { isSameWord(String($0.split(separator: ".").last ?? ""), name) }
    }
}
