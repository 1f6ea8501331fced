import Autograd
import JSON
import Tensors

extension ParityCheck {
    /// Operations by themselves: results and gradients of given incoming ones.
    static func operations(_ fixture: ParityFixture<S>, _ cases: [JSONValue]) throws -> ParityValues<S> {
        var ours = ParityValues<S>()
        ours.floor = 0
        for description in cases {
            let one = try ParityCase(fixture, description)
            switch one.operation {
            case "deform_conv2d": try deformable(one, into: &ours)
            case "roi_align": try regions(one, into: &ours)
            case "sigmoid_focal_loss": try focal(one, into: &ours)
            case "smooth_l1_loss", "l1_loss": try distance(one, into: &ours)
            case "giou_loss", "diou_loss", "ciou_loss": try boxes(one, into: &ours)
            case "binary_cross_entropy_with_logits": try binary(one, into: &ours)
            case "cross_entropy": try pixels(one, into: &ours)
            case "soft_dice_loss": try dice(one, into: &ours)
            default:
                if try !convolutionCase(one, into: &ours) { try geometryCase(one, into: &ours) }
            }
        }
        return ours
    }

    /// Enters a result [N, H, W, C] and, where there is an incoming gradient, the gradients of the operands: `isMap` says
    /// which of them are maps too.
    private static func enter(
        _ one: ParityCase<S>, _ output: Variable<S>,
        _ leaves: [(name: String, leaf: Variable<S>, isMap: Bool)], into ours: inout ParityValues<S>
    ) throws {
        ours.add(one.name + ".out.0", map: output.value)
        guard one.has("cotangent.0"), let tape = output.tape else { return }
        tape.backward(from: output, cotangent: try one.map("cotangent.0"))
        for (name, leaf, isMap) in leaves {
            guard let gradient = tape.gradient(of: leaf) else { continue }
            let key = "\(one.name).grad.\(name)"
            if isMap {
                ours.add(key, map: gradient)
            } else {
                ours.add(key, shape: gradient.shape.dimensions, gradient.array)
            }
        }
    }

    private static func deformable(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let tape = Tape<S>()
        let (x, w) = (tape.leaf(try one.map("in.x")), tape.leaf(try one.map("in.w")))
        let offsets = tape.leaf(try one.map("in.offset"))
        let mask = one.has("in.mask") ? tape.leaf(try one.map("in.mask")) : nil
        let bias = one.has("in.b") ? tape.leaf(try one.tensor("in.b")) : nil
        let output = x.deformableConvolution(
            w, bias, offsets: offsets, mask: mask, stride: try one.pair("stride"), padding: try one.pair("padding"),
            dilation: try one.pair("dilation"), groups: try one.integer("groups"),
            offsetGroups: try one.integer("offset_groups"))
        var leaves = [(name: "x", leaf: x, isMap: true), ("w", w, true), ("offset", offsets, true)]
        if let mask { leaves.append(("mask", mask, true)) }
        if let bias { leaves.append(("b", bias, false)) }
        try enter(one, output, leaves, into: &ours)
    }

    private static func regions(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.map("in.x"))
        let regions = try one.tensor("in.rois")
        guard regions.shape.rank == 2, regions.shape[1] == 5 else { throw one.fail("in.rois is not [.., 5]") }
        for image in stride(from: 0, to: regions.elementCount, by: 5).map({ [rows = regions.array] in rows[$0] })
        where !(0..<S(x.shape[0]) ~= image) {
            throw one.fail("in.rois names the image \(image), expected 0..<\(x.shape[0])")
        }
        let output = x.regionAligned(
            regions, size: try one.pair("output_size"), scale: try one.number("spatial_scale"),
            samples: try one.integer("sampling_ratio"), aligned: try one.flag("aligned"))
        try enter(one, output, [("x", x, true)], into: &ours)
    }

    /// Enters a loss of one number, or of one for each of `parts`, and the gradient of x in the file's order.
    private static func enter(
        _ one: ParityCase<S>, _ parts: [Variable<S>], _ x: Variable<S>, isMap: Bool = false,
        into ours: inout ParityValues<S>
    ) throws {
        let cotangent = try one.tensor("cotangent.0")
        guard cotangent.elementCount == parts.count, let tape = x.tape else {
            throw one.fail("the incoming gradient has \(cotangent.elementCount) elements, not \(parts.count)")
        }
        ours.add(
            one.name + ".out.0", shape: cotangent.shape.dimensions, parts.map { $0.value.item })
        tape.backward(from: zip(parts, cotangent.array).map { ($0, Tensor([], [$1])) })
        guard let gradient = tape.gradient(of: x) else { return }
        if isMap {
            ours.add(one.name + ".grad.x", map: gradient)
        } else {
            ours.add(one.name + ".grad.x", shape: gradient.shape.dimensions, gradient.array)
        }
    }

    /// Each element is a row of one class, so that targets may have several classes in a row.
    private static func focal(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.tensor("in.x"))
        let labels = try one.answers("in.target").map { Int32($0 ? 0 : -1) }
        let (alpha, gamma) = (try one.number("alpha"), try one.number("gamma"))
        let flat = x.reshaped([x.shape.elementCount, 1])
        let parts: [Variable<S>]
        switch try one.text("reduction") {
        case "none":
            parts = labels.indices.map {
                flat.rows([Int32($0)]).sigmoidFocal([labels[$0]], alpha: alpha, gamma: gamma)
            }
        case "mean":
            parts = [flat.sigmoidFocal(labels, alpha: alpha, gamma: gamma).scaled(by: 1 / S(labels.count))]
        default: parts = [flat.sigmoidFocal(labels, alpha: alpha, gamma: gamma)]
        }
        try enter(one, parts, x, into: &ours)
    }

    private static func distance(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.tensor("in.x"))
        let beta = one.operation == "l1_loss" ? 0 : try one.number("beta")
        try enter(one, [x.smoothL1(try one.tensor("in.target"), beta: beta)], x, into: &ours)
    }

    private static func boxes(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.tensor("in.x"))
        let kind: BoxMeasure =
            one.operation == "giou_loss" ? .giou : one.operation == "diou_loss" ? .diou : .ciou
        let epsilon = try one.number("eps")
        let parts = try one.rows("in.target", width: 4).enumerated().map {
            x.rows([Int32($0)]).boxLoss($1, kind: kind, epsilon: epsilon)
        }
        try enter(one, parts, x, into: &ours)
    }

    private static func binary(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.tensor("in.x"))
        let loss = x.binaryCrossEntropySum(try one.tensor("in.target"))
        try enter(one, [loss.scaled(by: 1 / S(x.shape.elementCount))], x, into: &ours)
    }

    private static func pixels(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.map("in.x"))
        let weights = one.has("in.class_weight") ? try one.doubles("in.class_weight") : []
        guard let ignored = UInt8(exactly: try one.integer("ignore_index")) else {
            throw one.fail("ignore_index must lie in 0...255")
        }
        let labels = try one.labels("in.target")
        if let wrong = labels.first(where: { Int($0) >= x.shape[3] && $0 != ignored }) {
            throw one.fail("in.target has the class \(wrong), expected 0..<\(x.shape[3]) or \(ignored)")
        }
        let loss = x.pixelCrossEntropy(labels, ignored: ignored, classWeights: weights)
        try enter(one, [loss], x, isMap: true, into: &ours)
    }

    /// With a sigmoid, x beside a logit of 0 for the background, image by image; with a softmax all images at once.
    private static func dice(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let x = Tape<S>().leaf(try one.map("in.x"))
        let (classes, pixels) = (x.shape[3], x.shape.rows)
        let targets = try one.map("in.target").array
        let smoothing = try one.number("epsilon")
        if try one.text("activation") == "softmax" {
            let labels = (0..<pixels).map { pixel in
                UInt8((0..<classes).first { targets[pixel * classes + $0] == 1 } ?? 255)
            }
            try enter(
                one, [x.reshaped([pixels, classes]).softDice(labels, smoothing: smoothing)], x, isMap: true,
                into: &ours)
            return
        }
        let flat = x.reshaped([pixels, 1])
        let background = Variable(Tensor<S>.zeros([pixels / x.shape[0], 1]))
        let losses = (0..<x.shape[0]).map { image in
            let own = image * background.shape[0]..<(image + 1) * background.shape[0]
            return Variable.concatenated([background, flat.rows(own.map { Int32($0) })])
                .softDice(own.map { targets[$0] == 1 ? 1 : 0 }, smoothing: smoothing, classes: [1])
        }
        let mean = losses.dropFirst().reduce(losses[0]) { $0 + $1 }.scaled(by: 1 / S(losses.count))
        try enter(one, [mean], x, isMap: true, into: &ours)
    }
}
