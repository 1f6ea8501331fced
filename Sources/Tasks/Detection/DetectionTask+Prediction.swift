import Autograd
import Datasets
import Detection
import JSON
import Layers
import Reporting
import Tensors

// What `predict` says: objects with their scores and places, drawn, as YOLO's text and as COCO's results.
extension DetectionTask {
    /// Always: answers are about places in the image.
    public var predictsWholeImages: Bool { true }

    /// The surest objects for the table, how many there are of each class otherwise.
    public var predictionColumns: PredictionColumns {
        PredictionColumns(
            table: [
                .init("class", widest: 32), .init("score", isRight: true, widest: 6),
                .init("left, top, right, bottom", isRight: true, widest: 31),
            ], fields: vocabulary.classNames)
    }

    /// Asks about an image, brought to the model's input as a whole; answers are in the image's own pixels.
    /// - Throws: `DatasetError` where the weights' transform is impossible.
    public func prediction(
        _ image: Image, name: String, _ model: any FeatureModel, _ store: ParameterStore<Float>,
        _ plan: TransformPlan, _ options: PredictionOptions
    ) throws -> Result<Prediction, PredictionFailure>? {
        let (pixels, motion) = try Transform(plan, mode: .evaluation).moved(image)
        let input = Tensor<Float>([1, plan.height, plan.width, plan.channels], pixels)
        let output = model(Variable(input), .evaluation(store))
        guard output.answer.allSatisfy({ $0.value.array.allSatisfy(\.isFinite) }) else {
            return .failure(.notFinite(name))
        }
        let located = LocatedInstances(identifier: 0, original: Instances(size: image.size, items: [])).moved(
            by: motion)
        let size = Pair(plan.height, plan.width)
        var limits = settings.limits
        let least = threshold(options)
        // What lies just at the threshold is shown, too.
        limits.score = min(limits.score, least.nextDown)
        let found = rules.detections(output, size: size, visible: [located.visiblePart(of: size)], limits)[0]
        let objects = found.moved(back: motion, masks: rules.answersMasks ? settings.head.style : nil)
            .filter { $0.score >= least }
        return prediction(name, image: image, objects, options)
    }

    /// The least score of what is shown.
    private func threshold(_ options: PredictionOptions) -> Double {
        options.threshold ?? settings.threshold ?? DetectionSettings.usualThreshold
    }

    private func prediction(
        _ name: String, image: Image, _ objects: [Detection.DetectedObject], _ options: PredictionOptions
    ) -> Result<Prediction, PredictionFailure> {
        let names = vocabulary.classNames
        let rows = objects.prefix(options.top).map { object in
            let sides = [object.box.left, object.box.top, object.box.right, object.box.bottom]
            return [
                names[object.classIndex], NumberText.fixed(object.score, decimals: 2),
                sides.map { NumberText.fixed($0, decimals: 1) }.joined(separator: ", "),
            ]
        }
        var counts = [Int](repeating: 0, count: classes)
        for object in objects { counts[object.classIndex] += 1 }
        var files = [Prediction.File(folder: "labels", ending: ".txt", bytes: Array(lines(objects, image.size).utf8))]
        if let picture = drawing(image, objects) {
            files.append(.init(folder: "pictures", ending: ".png", bytes: picture))
        }
        return .success(
            Prediction(
                image: name, rows: rows.isEmpty ? [["none", "", ""]] : rows, fields: counts.map(String.init),
                members: [
                    .init("width", .integer(image.width)), .init("height", .integer(image.height)),
                    .init("threshold", .number(threshold(options))),
                    .init("objects", .array(objects.map { json($0) })),
                ], files: files, results: objects.map { $0.result(categories: settings.categories) }))
    }

    private func json(_ object: Detection.DetectedObject) -> JSONValue {
        var json: JSONValue = [
            "class": .string(vocabulary.classNames[object.classIndex]), "score": .rounded(object.score, decimals: 6),
            "box": .array(
                [object.box.left, object.box.top, object.box.right, object.box.bottom].map {
                    .rounded($0, decimals: 3)
                }),
        ]
        if let mask = object.mask {
            json["area"] = .integer(mask.area)
            json["segmentation"] = mask.json
        }
        return json
    }

    /// A line for each object as YOLO's tools write them: class, center and size of the box in shares of the image, score.
    private func lines(_ objects: [Detection.DetectedObject], _ size: Pair) -> String {
        let (width, height) = (Double(size.width), Double(size.height))
        return objects.map { object in
            let box = object.box
            let values = [
                (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height, box.width / width,
                box.height / height, object.score,
            ]
            return "\(object.classIndex) "
                + values.map { NumberText.fixed($0, decimals: 6) }.joined(separator: " ") + "\n"
        }.joined()
    }

    /// The image with the objects over it, as a PNG.
    private func drawing(_ image: Image, _ objects: [Detection.DetectedObject]) -> [UInt8]? {
        let colored = image.converted(channels: 3)
        guard let plain = ObjectPicture(colored.pixels, width: image.width, height: image.height) else { return nil }
        let factor = ObjectPicture.enlargement(width: image.width, height: image.height)
        let drawn = objects.map { object in
            DrawnObject(
                box: DrawnObject.Box(object.box), name: vocabulary.classNames[object.classIndex],
                detail: NumberText.fixed(object.score, decimals: 2), color: ObjectPalette.color(object.classIndex),
                mask: object.mask.flatMap { DrawnMask($0) }
            ).scaled(x: Double(factor), y: Double(factor))
        }
        return plain.enlarged(by: factor).drawing(drawn).png
    }

    /// Answers to inputs whose images are not known here, in the input's pixels.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let size = inputSize(output)
        return images.enumerated().map { row, name in
            let own = output.image(row)
            guard own.answer.allSatisfy({ $0.value.array.allSatisfy(\.isFinite) }) else {
                return .failure(.notFinite(name))
            }
            var limits = settings.limits
            limits.score = min(limits.score, threshold(options).nextDown)
            let found = rules.detections(own, size: size, visible: [size], limits)[0]
                .filter { $0.score >= threshold(options) }
            let objects = found.moved(
                back: .identity(size), masks: rules.answersMasks ? settings.head.style : nil)
            let blank = Image(
                width: size.width, height: size.height, channels: 3,
                pixels: [UInt8](repeating: 0, count: 3 * size.height * size.width))
            return prediction(name, image: blank, objects, options)
        }
    }

    /// Of the input, as far as the finest map tells.
    private func inputSize(_ output: ModelOutput<Float>) -> Pair {
        let map = output.answer[0].shape
        let stride = settings.strides.first ?? 1
        return map.rank == 4 ? Pair(map[1] * stride, map[2] * stride) : Pair(1)
    }
}

extension RunLengthMask {
    /// As COCO's files have it: `size` and compressed `counts`.
    package var json: JSONValue {
        ["size": [.integer(size.height), .integer(size.width)], "counts": .string(compressed)]
    }
}

extension Detection.DetectedObject {
    /// An entry of COCO's results, without the image's id.
    /// - Parameter categories: the id of each class; empty for 1, 2, ...
    package func result(categories: [Int64]) -> [JSONValue.Member] {
        let identifier = categories.indices.contains(classIndex) ? Int(categories[classIndex]) : classIndex + 1
        var members: [JSONValue.Member] = [
            .init("category_id", .integer(identifier)),
            .init("bbox", .array([box.left, box.top, box.width, box.height].map { .number($0) })),
            .init("score", .number(score)),
        ]
        if let mask { members.append(.init("segmentation", mask.json)) }
        return members
    }
}

extension DrawnMask {
    init?(_ mask: RunLengthMask) {
        self.init(runs: mask.counts.map(Int.init), width: mask.size.width, height: mask.size.height)
    }
}
