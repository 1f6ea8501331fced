import Autograd
import Layers
import Tensors

extension GradientCheck {
    /// The cases of every distillation loss and of adapters, under the student's operand.
    public static let distillation: [GradientCheck] =
        logitLosses + mapLosses + focalGlobalLosses + headLosses
        + [("same size", 4, 4), ("smaller teacher", 2, 2), ("larger teacher", 8, 6)].map { name, height, width in
            let tap = FeatureTap(name: "s", stride: 4, channels: 3, height: 4, width: 4)
            let target = FeatureTap(name: "t", stride: 4, channels: 2, height: height, width: width)
            let scope = Scope()
            let pair = FeaturePair(studentIndex: 0, teacherIndex: 0, student: tap, teacher: target)
            let adapter = FeatureAdapter(scope["adapter"], pair)
            let store = redrawn(scope)
            return GradientCheck("distillation/adapter, \(name)", [[2, 4, 4, 3]]) {
                [adapter($0[0], Context(store, mode: .training))]
            }
        }

    private static func redrawn(_ scope: Scope) -> ParameterStore<Double> {
        let store = ParameterStore<Double>(scope.list, seed: 0)
        store.redraw(seed: 1)
        return store
    }

    private static func teacher(_ shape: Shape) -> Tensor<Double> {
        var random = Random(seed: 2, purpose: "teacher")
        return .normal(shape, from: &random)
    }

    private static func check(
        _ name: String, _ loss: any DistillationLoss, _ student: Shape, teacher shape: Shape? = nil,
        store: ParameterStore<Double>? = nil, labels: [Int32] = [], regions: LossRegions? = nil
    ) -> GradientCheck {
        let target = teacher(shape ?? student)
        let parameters = store ?? ParameterStore(Scope().list, seed: 0)
        return GradientCheck(
            "distillation/" + name,
            inputs: { random in
                // Off the kink of |x|.
                let values = Tensor<Double>.normal(student, from: &random).array
                return [Tensor(student, values.map { abs($0) < 0.05 ? $0 + ($0 < 0 ? -0.1 : 0.1) : $0 })]
            },
            function: { inputs in
                let context = Context(parameters, mode: .training, random: RandomKey(seed: 3, purpose: "step"))
                return [
                    loss(
                        student: inputs[0], teacher: target,
                        LossContext(layers: context, labels: labels, regions: regions))
                ]
            })
    }

    private static var logitLosses: [GradientCheck] {
        [
            check("kd", HintonLoss(), [3, 5]),
            check("dkd", DecoupledLoss(), [3, 5], labels: [1, 0, 4]),
            check("dkd/two classes", DecoupledLoss(temperature: 1), [2, 2], labels: [1, 0]),
            check("dist", RelationLoss(), [4, 5]),
            check("dist/temperature 4", RelationLoss(temperature: 4), [3, 3]),
        ]
    }

    private static var mapLosses: [GradientCheck] {
        let map: Shape = [2, 3, 4, 3]
        let generation = Scope()
        let channel = MaskedGenerationLoss(generation["channel"], channels: 3, ratio: 0.4)
        let spatial = MaskedGenerationLoss(generation["spatial"], channels: 3, mask: .spatial)
        let relation = Scope()
        let global = GlobalRelationLoss(relation, channels: 3)
        return [
            check("l2", FeatureMimicLoss(), map),
            check("at", AttentionTransferLoss(), map),
            check("at/larger student", AttentionTransferLoss(), [2, 6, 4, 3], teacher: [2, 3, 2, 5]),
            check("at/larger teacher", AttentionTransferLoss(), [2, 3, 2, 3], teacher: [2, 6, 5, 2]),
            check("cwd", ChannelWiseLoss(), map),
            check("cwd/temperature 4", ChannelWiseLoss(temperature: 4), map),
            check("pkd", PearsonLoss(), map),
            check("mgd/channel", channel, map, store: redrawn(generation)),
            check("mgd/spatial", spatial, map, store: redrawn(generation)),
            check("fgdGlobal", global, map, store: redrawn(relation)),
            check("fgdAttention", FocalAttentionLoss(), map),
            check("fgdFeature", FocalFeatureLoss(), map),
        ]
    }

    private static var focalGlobalLosses: [GradientCheck] {
        let map: Shape = [2, 3, 4, 3]
        let regions = LossRegions(
            boxes: [
                [
                    LossBox(left: 3, top: 2, right: 14.5, bottom: 9),
                    LossBox(left: 8, top: 5, right: 30, bottom: 19),
                ], [],
            ], size: Pair(24, 32), validSizes: [Pair(20, 30), Pair(24, 22)])
        // Weights that let every term be seen.
        var rule = FocalGlobalRule()
        (rule.alpha, rule.beta, rule.gamma, rule.lambda) = (1, 0.5, 0.3, 0.1)
        let scope = Scope()
        let usual = FocalGlobalLoss(scope["usual"], channels: 3, rule: rule)
        rule.followsReference = true
        let other = FocalGlobalLoss(scope["reference"], channels: 3, rule: rule, temperature: 0.8)
        let store = redrawn(scope)
        return [
            check("fgd", usual, map, store: store, regions: regions),
            check("fgd/reference, temperature 0.8", other, map, store: store, regions: regions),
            check("fgd/no objects known", usual, map, store: store),
        ]
    }

    /// Two levels of two anchors and three classes; the operands are logits and moves of each.
    private static func check(_ name: String, _ loss: any HeadLoss) -> GradientCheck {
        let shapes: [Shape] = [[2, 2, 3, 6], [2, 1, 2, 6], [2, 2, 3, 8], [2, 1, 2, 8]]
        let targets = shapes.map { teacher($0) }
        return GradientCheck(
            "distillation/" + name,
            inputs: { random in
                zip(shapes, targets).map { shape, target -> Tensor<Double> in
                    if shape[3] == 6 { return .normal(shape, from: &random) }
                    return moves(awayFrom: target, &random)
                }
            },
            function: { inputs in
                let answers = HeadAnswers(student: inputs, teacher: targets, classes: 3)
                return [loss(answers)]
            })
    }

    /// Moves of boxes, none of whose sides is where the target's is, and no number of which is 1/9 off.
    private static func moves(awayFrom target: Tensor<Double>, _ random: inout Random) -> Tensor<Double> {
        func sides(_ d: [Double]) -> [Double] {
            let half = d[2...].map { 0.5 * ElementwiseFunction.exponential.value($0) }
            return [d[0] - half[0], d[1] - half[1], d[0] + half[0], d[1] + half[1]]
        }
        let numbers = target.array
        var drawn: [Double] = []
        while drawn.count < numbers.count {
            let other = Array(numbers[drawn.count..<drawn.count + 4])
            let own = other.map { _ in random.normal() }
            let (a, b) = (sides(own), sides(other))
            // The far side of one box may meet the near one of the other, too.
            let distances: [Double] = (0..<4).flatMap { i -> [Double] in
                let difference: Double = abs(own[i] - other[i])
                return [abs(a[i] - b[i]), abs(a[i] - b[(i + 2) % 4]), abs(difference - 1.0 / 9)]
            }
            if distances.allSatisfy({ $0 > 0.02 }) { drawn += own }
        }
        return Tensor(target.shape, drawn)
    }

    private static var headLosses: [GradientCheck] {
        [
            check("headKD", HeadClassLoss()),
            check("headKD/temperature 4", HeadClassLoss(temperature: 4, threshold: 0.6)),
            check("boxKD", HeadBoxLoss(HeadLossRule(threshold: 0.6))),
            check("boxKD/smoothL1", HeadBoxLoss(HeadLossRule(threshold: 0.6, distance: .smoothL1))),
        ]
    }
}
