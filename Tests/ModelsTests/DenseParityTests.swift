import Autograd
import Layers
import Models
import Tensors
import Testing

/// Models and parts against independent implementations; references are rounded to float.
@Suite struct DenseParityTests {
    /// transformers' UPerNet over a small ConvNeXt with a norm on each map: names, results, both losses, gradients.
    @Test func upernetAgreesWithTransformers() throws {
        try upernet(Double.self, 1e-6)
        try upernet(Float.self, 3e-5)
    }

    private func upernet<S: Scalar>(_ type: S.Type, _ tolerance: Double) throws {
        let fixture = try DenseFixture("upernet")
        let specification = ModelSpecification(
            ConvNeXtSpecification(widths: [6, 8, 12, 16], depths: [1, 1, 2, 1]),
            head: UPerNetHeadSpecification(classes: 6, channels: 8, dropout: 0, auxiliaryChannels: 6))
        let images: Tensor<S> = try fixture.map("input")
        let model = try specification.makeModel(height: images.shape[1], width: images.shape[2])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        try fixture.load(store, "param.", rename: specification.canonicalName)

        let evaluation = model(Variable(images), .evaluation(store))
        #expect(evaluation.answer.count == 1)
        #expect(try fixture.error("eval.logits_low", evaluation.logits.value) <= tolerance)

        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let answer = model(Variable(images), context).answer
        try #require(answer.count == 2)
        #expect(try fixture.error("train.logits_low", answer[0].value) <= tolerance)
        let labels = try #require(fixture.file["target"]).integers()
        var seeds: [(Variable<S>, Tensor<S>)] = []
        for (logits, (name, weight)) in zip(answer, [("main", 1.0), ("auxiliary", 0.4)]) {
            let resized = logits.resized(
                height: images.shape[1], width: images.shape[2], .bilinear(alignCorners: false))
            let (loss, gradient) = plainCrossEntropy(resized.value, labels)
            #expect(abs(loss - (try fixture.number("loss.\(name)"))) <= tolerance)
            seeds.append((resized, gradient.scaled(by: S(weight))))
        }
        tape.backward(from: seeds)
        let flat = Storage<S>(count: store.list.flatCount)
        #expect(context.collectGradients(into: flat) == [])
        let (worst, count) = try fixture.gradientError(store, flat, "grad.", rename: specification.canonicalName)
        #expect(worst <= tolerance && count == model.parameters.entries.count)
    }

    /// milesial's U-Net at a size that is odd at every level, and the one that interpolates.
    @Test(arguments: [("transposed", false, 3), ("bilinear", true, 2)])
    func unetsAgreeWithMilesials(name: String, bilinear: Bool, classes: Int) throws {
        try unet(Double.self, name, bilinear, classes, 1e-6)
        try unet(Float.self, name, bilinear, classes, 3e-5)
    }

    private func unet<S: Scalar>(
        _ type: S.Type, _ name: String, _ bilinear: Bool, _ classes: Int, _ tolerance: Double
    ) throws {
        let fixture = try DenseFixture("unet")
        let specification = ModelSpecification(
            UNetSpecification(baseWidth: 2, bilinear: bilinear),
            head: UNetHeadSpecification(classes: classes, bilinear: bilinear))
        let images: Tensor<S> = try fixture.map(name + ".input")
        let model = try specification.makeModel(height: images.shape[1], width: images.shape[2])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        try fixture.load(store, name + ".param.", rename: specification.canonicalName)
        let evaluation = model(Variable(images), .evaluation(store))
        #expect(try fixture.error(name + ".eval.logits", evaluation.logits.value) <= tolerance)

        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let logits = model(Variable(images), context).logits
        let labels = try #require(fixture.file[name + ".target"]).integers()
        let (loss, gradient) = plainCrossEntropy(logits.value, labels)
        #expect(abs(loss - (try fixture.number(name + ".loss"))) <= tolerance)
        tape.backward(from: [(logits, gradient)])
        let flat = Storage<S>(count: store.list.flatCount)
        #expect(context.collectGradients(into: flat) == [])
        let (worst, count) = try fixture.gradientError(
            store, flat, name + ".grad.", rename: specification.canonicalName)
        #expect(worst <= 4 * tolerance && count == model.parameters.entries.count)
    }

    /// The authors' gnConv module in every output of a pyramid, and a plain pyramid; five outputs at odd sizes.
    @Test(arguments: [("fpn_plain", Fusion.conv), ("fpn_gnconv", .gnconv7x7), ("fpn_gngf", .gnconvGF)])
    func pyramidsAgreeWithTheAuthors(name: String, fusion: Fusion) throws {
        try pyramid(Double.self, name, fusion, 1e-6)
        try pyramid(Float.self, name, fusion, 3e-5)
    }

    private func pyramid<S: Scalar>(_ type: S.Type, _ name: String, _ fusion: Fusion, _ tolerance: Double) throws {
        let specification = FeaturePyramidSpecification(
            channels: 8, fusion: fusion, filter: FilterExtent(rows: 8, columns: 5), extraLevels: 1)
        let scope = Scope()
        let neck = try FeaturePyramid(scope, specification, inputs: [4, 6, 8, 10])
        try compare(type, name, scope.list, tolerance) { neck(Features(maps: $0), $1).maps }
    }

    /// The module in place of UPerNet's last fusion, with batch norm and relu behind it.
    @Test(arguments: [
        ("fusion_gnconv", SpatialMixer.depthwise7x7), ("fusion_gngf", .globalFilter(rows: 8, columns: 5)),
    ])
    func fusionsAgreeWithTheAuthors(name: String, mixer: SpatialMixer) throws {
        let scope = Scope()
        let module = try GnConvModule(scope, inputs: 16, outputs: 4, mixer: mixer, normalizes: true)
        try compare(Double.self, name, scope.list, 1e-6) { [module($0[0], $1)] }
        try compare(Float.self, name, scope.list, 3e-5) { [module($0[0], $1)] }
    }

    private func compare<S: Scalar>(
        _ type: S.Type, _ name: String, _ list: ParameterList, _ tolerance: Double,
        _ body: ([Variable<S>], Context<S>) -> [Variable<S>]
    ) throws {
        let fixture = try DenseFixture("horfpn")
        let store = ParameterStore<S>(list, seed: 0)
        try fixture.load(store, name + ".param.", rename: { $0 })
        let count = fixture.file.tensors.filter { $0.name.hasPrefix(name + ".in.") }.count
        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let leaves = try (0..<count).map { tape.leaf(try fixture.map("\(name).in.\($0)")) }
        let outputs = body(leaves, context)
        tape.backward(
            from: try outputs.enumerated().map { ($1, try fixture.map("\(name).cotangent.\($0)")) })
        for (index, output) in outputs.enumerated() {
            #expect(try fixture.error("\(name).out.\(index)", output.value) <= tolerance)
        }
        let flat = Storage<S>(count: list.flatCount)
        #expect(context.collectGradients(into: flat) == [])
        let (worst, compared) = try fixture.gradientError(store, flat, name + ".grad.", rename: { $0 })
        #expect(worst <= tolerance && compared == list.entries.count)
    }
}
