import Autograd
import Layers
import Tensors

extension GradientCheck {
    /// The cases of every distillation loss and of adapters, under the student's operand.
    public static let distillation: [GradientCheck] =
        logitLosses + mapLosses
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
        store: ParameterStore<Double>? = nil, labels: [Int32] = []
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
                return [loss(student: inputs[0], teacher: target, LossContext(layers: context, labels: labels))]
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
}
