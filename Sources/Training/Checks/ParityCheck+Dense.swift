import Autograd
import JSON
import Layers
import Models
import Tensors

extension ParityCheck {
    /// transformers' UPerNet over a ConvNeXt: normalised maps, both heads' logits and the predicted classes in evaluation
    /// mode; logits, losses and gradients in training mode.
    static func upernet(_ fixture: ParityFixture<S>) throws -> ParityValues<S> {
        let config = fixture.config
        guard config?["backbone"]?.stringValue == "convnext" else {
            throw fixture.fail("the entry backbone of the metadata's config must be convnext for a UPerNet")
        }
        let specification = ModelSpecification(
            ConvNeXtSpecification(
                widths: try fixture.integers(config, "hidden_sizes"), depths: try fixture.integers(config, "depths")),
            head: UPerNetHeadSpecification(
                classes: try fixture.integer(config, "num_classes"),
                channels: try fixture.integer(config, "decoder_channels"),
                poolScales: try fixture.integers(config, "pool_scales"), dropout: 0,
                auxiliaryChannels: try fixture.integer(config, "auxiliary_channels")))
        let input = try fixture.map("input")
        let (height, width) = (input.shape[1], input.shape[2])
        let model = try specification.makeModel(height: height, width: width)
        let store = ParameterStore<S>(model.parameters, seed: 0)
        try fixture.load(store, rename: specification.canonicalName)
        let labels = try fixture.labels("target")
        func resized(_ logits: Variable<S>) -> Variable<S> {
            logits.resized(height: height, width: width, .bilinear(alignCorners: false))
        }

        var ours = ParityValues<S>()
        // Pyramid pooling has a batch norm over a single value of each of two images, whose gradient is a difference of
        // nearly equal numbers, a thousandth of the others.
        ours.floor = 3e-2
        let evaluation = Context<S>.evaluation(store)
        let maps = model.normalized(model.backbone(Variable(input), evaluation), evaluation)
        for (i, map) in maps.maps.enumerated() { ours.add("eval.feature.\(i)", map: map.value) }
        let head = model.head(maps, evaluation)
        ours.add("eval.logits_low", map: head[0].value)
        if let auxiliary = (model.head as? UPerNetHead)?.auxiliary(maps, evaluation) {
            ours.add("eval.aux_low", map: auxiliary.value)
        }
        let scores = resized(head[0]).value
        let rows = stride(from: 0, to: scores.elementCount, by: scores.shape.columns).map { [values = scores.array] in
            values[$0..<$0 + scores.shape.columns]
        }
        let pixels = [input.shape[0], height, width]
        ours.add("eval.logits_sum_over_classes_abs", shape: pixels, rows.map { $0.reduce(0) { $0 + abs($1) } })
        ours.add(
            "eval.prediction", shape: pixels,
            rows.map { row in S((row.indices.max { row[$0] < row[$1] } ?? 0) - row.startIndex) })

        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let answer = model(Variable(input), context).answer
        ours.add("train.logits_low", map: answer[0].value)
        let losses = answer.map { resized($0).reshaped([labels.count, $0.shape.columns]).pixelCrossEntropy(labels) }
        let total = losses[0] + losses[1].scaled(by: S(config?["auxiliary_weight"]?.doubleValue ?? 0.4))
        for (name, loss) in zip(["main", "auxiliary", "total"], losses + [total]) {
            ours.add("loss." + name, loss.value)
        }
        tape.backward(from: total)
        ours.addGradients(context, fixture, rename: specification.canonicalName)
        return ours
    }

    /// milesial's U-Nets: logits in evaluation mode; loss and gradients in training mode.
    static func unets(_ fixture: ParityFixture<S>, _ cases: [JSONValue]) throws -> ParityValues<S> {
        var ours = ParityValues<S>()
        for description in cases {
            guard let name = description["name"]?.stringValue, let bilinear = description["bilinear"]?.boolValue else {
                throw fixture.fail("a case of the metadata has no name or does not say whether it is bilinear")
            }
            let specification = ModelSpecification(
                UNetSpecification(baseWidth: try fixture.integer(description, "width"), bilinear: bilinear),
                head: UNetHeadSpecification(
                    classes: try fixture.integer(description, "classes"), bilinear: bilinear))
            let input = try fixture.map(name + ".input")
            let model = try specification.makeModel(height: input.shape[1], width: input.shape[2])
            let store = ParameterStore<S>(model.parameters, seed: 0)
            try fixture.load(store, name + ".param.", rename: specification.canonicalName)
            ours.add(name + ".eval.logits", map: model(Variable(input), .evaluation(store)).logits.value)
            let tape = Tape<S>()
            let context = Context(store, mode: .training, tape: tape)
            let images = tape.leaf(input)
            let logits = model(images, context).logits
            let labels = try fixture.labels(name + ".target")
            let loss = logits.reshaped([labels.count, logits.shape.columns]).pixelCrossEntropy(labels)
            ours.add(name + ".loss", loss.value)
            tape.backward(from: loss)
            let leaves = fixture.file[name + ".grad.input"] == nil ? [] : [(name: "input", leaf: images)]
            ours.addGradients(
                context, fixture, name + ".grad.", leaves: leaves, rename: specification.canonicalName)
        }
        return ours
    }

    /// Feature pyramids, plain and with gnConv, and gnConv in place of UPerNet's fusion: results and gradients of given
    /// cotangents.
    static func pyramids(_ fixture: ParityFixture<S>, _ cases: [JSONValue]) throws -> ParityValues<S> {
        var ours = ParityValues<S>()
        for description in cases {
            guard let name = description["name"]?.stringValue, let kind = description["kind"]?.stringValue else {
                throw fixture.fail("a case of the metadata has no name or no kind")
            }
            var filter = FilterExtent()
            if description["filter"]?.arrayValue != nil {
                let size = try fixture.integers(description, "filter")
                guard size.count == 2 else { throw fixture.fail("the filter of \(name) is not [rows, columns]") }
                filter = FilterExtent(rows: size[0], columns: size[1])
            }
            let scope = Scope()
            let count = fixture.file.tensors.filter { $0.name.hasPrefix(name + ".in.") }.count
            let body: ([Variable<S>], Context<S>) -> [Variable<S>]
            if description["in_channels"] != nil {
                let fusion: Fusion = kind == "3x3" ? .conv : kind == "gnConv 7x7" ? .gnconv7x7 : .gnconvGF
                let pyramid = try FeaturePyramid(
                    scope,
                    FeaturePyramidSpecification(
                        channels: try fixture.integer(description, "out_channels"), fusion: fusion, filter: filter,
                        extraLevels: 1), inputs: try fixture.integers(description, "in_channels"))
                body = { pyramid(Features(maps: $0), $1).maps }
            } else {
                let module = try GnConvModule(
                    scope, inputs: try fixture.map(name + ".in.0").shape.columns,
                    outputs: try fixture.map(name + ".out.0").shape.columns,
                    order: try fixture.integer(description, "order"),
                    mixer: kind == "gnconv"
                        ? .depthwise7x7 : .globalFilter(rows: filter.rows, columns: filter.columns), normalizes: true)
                body = { [module($0[0], $1)] }
            }
            let store = ParameterStore<S>(try scope.list.checked(), seed: 0)
            try fixture.load(store, name + ".param.")
            let tape = Tape<S>()
            let context = Context(store, mode: .training, tape: tape)
            let leaves = try (0..<count).map { tape.leaf(try fixture.map("\(name).in.\($0)")) }
            guard count > 0 else { throw fixture.fail("the case \(name) has no input") }
            let outputs = body(leaves, context)
            for (i, output) in outputs.enumerated() { ours.add("\(name).out.\(i)", map: output.value) }
            tape.backward(from: try outputs.enumerated().map { ($1, try fixture.map("\(name).cotangent.\($0)")) })
            ours.addGradients(
                context, fixture, name + ".grad.", leaves: leaves.enumerated().map { ("in.\($0)", $1) })
        }
        return ours
    }
}
