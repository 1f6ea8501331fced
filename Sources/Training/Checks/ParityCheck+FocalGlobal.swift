import Autograd
import Checkpoints
import Distillation
import JSON
import Layers
import Tensors

extension ParityCheck {
    /// FGD of single maps, by the authors' program: masks of the objects, attentions, the four terms, the loss and its
    /// gradients.
    static func focalGlobal(_ fixture: ParityFixture<S>, _ cases: [JSONValue]) throws -> ParityValues<S> {
        var ours = ParityValues<S>()
        // A norm over two channels gives 1 and -1 whatever it is given, so that the gradients before it are differences of
        // nearly equal numbers, a hundredth of the others.
        ours.floor = 5e-2
        for description in cases {
            guard let name = description["name"]?.stringValue else {
                throw fixture.fail("a case of the metadata has no name")
            }
            try focalGlobal(fixture, description, name, into: &ours)
        }
        return ours
    }

    private static func focalGlobal(
        _ fixture: ParityFixture<S>, _ description: JSONValue, _ name: String, into ours: inout ParityValues<S>
    ) throws {
        let (student, teacher) = (try fixture.map(name + ".in.student"), try fixture.map(name + ".in.teacher"))
        var rule = FocalGlobalRule()
        rule.alpha = try fixture.number(description, "alpha")
        rule.beta = try fixture.number(description, "beta")
        rule.gamma = try fixture.number(description, "gamma")
        rule.lambda = try fixture.number(description, "lambda_")
        rule.followsReference = true
        let temperature = try fixture.number(description, "temperature")
        let scope = Scope()
        func tap(_ map: Tensor<S>) -> FeatureTap {
            FeatureTap(name: name, stride: 1, channels: map.shape[3], height: map.shape[1], width: map.shape[2])
        }
        let adapter = FeatureAdapter(
            scope["align"],
            FeaturePair(studentIndex: 0, teacherIndex: 0, student: tap(student), teacher: tap(teacher)))
        let loss = FocalGlobalLoss(
            scope["loss"], channels: teacher.shape[3], rule: rule, temperature: temperature)
        let store = ParameterStore<S>(scope.list, seed: 0)
        try load(store, fixture, name + ".param.")
        let tape = Tape<S>()
        let layers = Context(store, mode: .training, tape: tape)
        let context = LossContext(layers: layers, regions: try regions(fixture, name, images: teacher.shape[0]))
        let leaf = tape.leaf(student)
        let adapted = adapter(leaf, layers)

        let (images, height, width) = (teacher.shape[0], teacher.shape[1], teacher.shape[2])
        let masks = loss.masks(teacher.shape, context.regions)
        ours.add(name + ".out.mask_fg", shape: [images, height, width], masks.foreground.map { S($0) })
        ours.add(name + ".out.mask_bg", shape: [images, height, width], masks.background.map { S($0) })
        for (side, map) in [("student", adapted.detached), ("teacher", Variable(teacher))] {
            let attention = FocalAttention(map, temperature: temperature)
            ours.add(
                "\(name).out.spatial_\(side)", shape: [images, height, width], attention.spatial.value.array)
            ours.add(
                "\(name).out.channel_\(side)", shape: [images, teacher.shape[3]], attention.channel.value.array)
        }
        let untracked = LossContext(layers: Context(store, mode: .training), regions: context.regions)
        let terms = loss.terms(student: adapted.detached, teacher: teacher, untracked)
        ours.add(name + ".out.fg", terms.foreground.value)
        ours.add(name + ".out.bg", terms.background.value)
        ours.add(name + ".out.attention", terms.attention.value)
        ours.add(name + ".out.relation", terms.relation.value)
        let total = loss(student: adapted, teacher: teacher, context)
        ours.add(name + ".out.loss", total.value)

        tape.backward(from: total)
        if let gradient = tape.gradient(of: leaf) { ours.add(name + ".grad.student", map: gradient) }
        addGradients(layers, fixture, name + ".grad.param.", into: &ours)
    }

    /// The boxes of the images, whose sizes are those that the source divides by.
    private static func regions(_ fixture: ParityFixture<S>, _ name: String, images: Int) throws -> LossRegions {
        guard let stored = fixture.file[name + ".in.image_sizes"], stored.shape == [images, 2] else {
            throw fixture.fail("the fixture has no \(name).in.image_sizes [\(images), 2]")
        }
        let numbers = try stored.integers()
        let sizes = (0..<images).map { Pair(numbers[2 * $0], numbers[2 * $0 + 1]) }
        let boxes = try (0..<images).map { image -> [LossBox] in
            guard let stored = fixture.file["\(name).in.boxes.\(image)"], stored.shape.count == 2, stored.shape[1] == 4
            else { throw fixture.fail("the fixture has no \(name).in.boxes.\(image) [n, 4]") }
            let sides = try stored.doubles()
            return stride(from: 0, to: sides.count, by: 4).map {
                LossBox(left: sides[$0], top: sides[$0 + 1], right: sides[$0 + 2], bottom: sides[$0 + 3])
            }
        }
        let size = Pair(sizes.map(\.height).max() ?? 1, sizes.map(\.width).max() ?? 1)
        return LossRegions(boxes: boxes, size: size, validSizes: sizes)
    }

    /// Our name of the source's parameter: `channel_add_conv_s.0.bias` is `loss.student.channel_add_conv.0.bias`.
    private static func ownName(_ name: String) -> String {
        let words = name.split(separator: ".", maxSplits: 1)
        guard words.count == 2 else { return name }
        for (end, side) in [("_s", "student"), ("_t", "teacher")] where words[0].hasSuffix(end) {
            return "loss.\(side).\(words[0].dropLast(2)).\(words[1])"
        }
        return name
    }

    /// The source keeps the norm's factors as [C, 1, 1].
    private static func load(_ store: ParameterStore<S>, _ fixture: ParityFixture<S>, _ prefix: String) throws {
        let shapes = Dictionary(uniqueKeysWithValues: store.list.entries.map { ($0.name, $0.fileShape) })
        let arrays = try fixture.file.tensors.filter { $0.name.hasPrefix(prefix) }.map { tensor in
            let name = ownName(String(tensor.name.dropFirst(prefix.count)))
            let own = shapes[name] ?? tensor.shape
            return NamedArray<S>(
                name: name, shape: isSame(own, tensor.shape) ? own : tensor.shape,
                values: try tensor.doubles().map { S($0) })
        }
        let report = store.load(arrays)
        guard report.isComplete else { throw fixture.fail("the parameters do not fit the loss: \(report)") }
    }

    private static func addGradients(
        _ context: Context<S>, _ fixture: ParityFixture<S>, _ prefix: String, into ours: inout ParityValues<S>
    ) {
        let store = context.store
        let flat = Storage<S>(count: store.list.flatCount)
        let missing = Set(context.collectGradients(into: flat))
        let stored = fixture.file.tensors.filter { $0.name.hasPrefix(prefix) }
        let theirs = Dictionary(
            stored.map { (ownName(String($0.name.dropFirst(prefix.count))), $0) }
        ) { first, _ in first }
        for entry in store.list.entries where !missing.contains(entry.name) {
            let reference = theirs[entry.name]
            let shape = reference.map { isSame($0.shape, entry.fileShape) ? $0.shape : entry.fileShape }
            ours.add(
                reference?.name ?? prefix + entry.name, shape: shape ?? entry.fileShape,
                store.fileOrder(entry, flat.pointer + entry.offset))
        }
    }

    /// Whether two shapes differ by sizes of 1 alone.
    private static func isSame(_ a: [Int], _ b: [Int]) -> Bool { a.filter { $0 != 1 } == b.filter { $0 != 1 } }
}
