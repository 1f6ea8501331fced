import Datasets
import Detection
import Foundation
import JSON
import Reporting
import Tensors

// What a detector's evaluation looks like: in the report, in the terminal, in JSON.
extension DetectionTask {
    /// COCO's numbers, curves, what is taken for what, and the best and worst images with truth and answer.
    public func record(
        _ findings: DetectionFindings, of dataset: any AnnotatedDataset<LocatedInstances>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        let order = findings.worstFirst
        let scan = try ObjectScan(dataset)
        let record = InstanceRecord(
            classes: vocabulary.classNames, boxes: measures(findings.boxes, images: scan.classes.map(\.images)),
            masks: findings.masks.map { measures($0, images: nil) },
            thresholds: InstanceThresholds(best: findings.threshold, predict: findings.shown),
            sizes: scan.sizes, curves: curves(findings), confusion: findings.confusion.map { confusion($0) },
            images: order.prefix(200).map { place in
                let answer = findings.answers[place]
                return InstanceImage(
                    name: dataset.name(answer.index), index: answer.index, objects: answer.found + answer.missed,
                    found: answer.found, missed: answer.missed, wrong: answer.wrong)
            },
            worst: try order.prefix(6).map { try picture(findings, $0, of: dataset) },
            best: try order.reversed().prefix(6).map { try picture(findings, $0, of: dataset) })
        return record.members(task: vocabulary.task)
    }

    /// The answers to the fixed images.
    public func snapshot(
        _ findings: DetectionFindings, of dataset: any AnnotatedDataset<LocatedInstances>
    ) throws -> [JSONValue] {
        try findings.fixed.map { try picture(findings, $0, of: dataset).json }
    }

    private func defined(_ value: Double) -> Double? { value >= 0 ? value : nil }

    private func measures(_ found: CocoFindings, images: [Int]?) -> InstanceMeasures {
        InstanceMeasures(
            stats: found.stats.map { defined($0) },
            classes: found.classes.enumerated().map { index, own in
                let best = found.outcomes.curve(ofClass: index).best
                return InstanceClass(
                    name: vocabulary.classNames[index], objects: own.objects, images: images?[index],
                    predictions: own.detections, averages: own.stats.prefix(6).map { defined($0) },
                    averageRecall: defined(own.stats[8]), precision: best?.precision, recall: best?.recall,
                    f1: best?.f1, threshold: best?.score)
            })
    }

    private func curves(_ findings: DetectionFindings) -> InstanceCurves {
        let recalls = (0...100).map { Double($0) / 100 }
        // With many classes the page would be nothing but curves.
        let single = classes > 1 && classes <= 12 ? Array(vocabulary.classNames.enumerated()) : []
        let known = findings.boxes.classes.filter { $0.objects > 0 }
        let mean = recalls.indices.map { place -> Double? in
            if known.isEmpty { return nil }
            var sum = 0.0
            for own in known where place < own.precisionByRecall.count { sum += max(0, own.precisionByRecall[place]) }
            return sum / Double(known.count)
        }
        var precision = [InstanceCurve("all", mean)]
        var lists: [[InstanceCurve]] = [[], [], []]
        func add(_ name: String, _ curve: ScoreCurve) {
            let places = curve.sampled(recalls.count)
            lists[0].append(InstanceCurve(name, places.map(\.precision)))
            lists[1].append(InstanceCurve(name, places.map(\.recall)))
            lists[2].append(InstanceCurve(name, places.map(\.f1)))
        }
        add("all", findings.boxes.outcomes.curve())
        for (index, name) in single {
            precision.append(
                InstanceCurve(name, findings.boxes.classes[index].precisionByRecall.map { defined($0) }))
            add(name, findings.boxes.outcomes.curve(ofClass: index))
        }
        return InstanceCurves(
            recalls: recalls, precision: precision, scores: recalls, precisionAt: lists[0], recallAt: lists[1],
            f1: lists[2])
    }

    private func confusion(_ found: ConfusionCounts) -> InstanceConfusion {
        let side = found.classes + 1
        let cells = found.counts.indices.filter { found.counts[$0] > 0 }.map {
            InstanceConfusion.Cell(truth: $0 / side, answer: $0 % side, count: found.counts[$0])
        }
        return InstanceConfusion(cells: cells, score: found.score, overlap: found.overlap)
    }

    /// An image, small, with its objects and with what was said of it.
    private func picture(
        _ findings: DetectionFindings, _ place: Int, of dataset: any AnnotatedDataset<LocatedInstances>
    ) throws -> InstancePicture {
        let answer = findings.answers[place]
        let image = try dataset.image(answer.index).converted(channels: 3)
        let scale = min(1, 320 / Double(max(image.width, image.height)))
        let size = Pair(max(1, Int(Double(image.height) * scale)), max(1, Int(Double(image.width) * scale)))
        let small = size == image.size ? image : image.resized(to: size)
        guard let plain = ObjectPicture(small.pixels, width: size.width, height: size.height) else {
            throw RecipeError("\(dataset.name(answer.index)): the image has no pixels to show")
        }
        let truths = try dataset.annotation(answer.index).original
        let shown = answer.objects(above: findings.shown)
        let matches = ImageMatches(truths, shown)
        let (x, y) = (Double(size.width) / Double(image.width), Double(size.height) / Double(image.height))
        func moved(_ box: Box) -> DrawnObject.Box {
            DrawnObject.Box(left: box.left * x, top: box.top * y, right: box.right * x, bottom: box.bottom * y)
        }
        func mask(_ mask: RunLengthMask?) -> DrawnMask? {
            mask.flatMap { DrawnMask($0) }?.scaled(x: x, y: y)
        }
        return InstancePicture(
            name: dataset.name(answer.index), index: answer.index, image: plain,
            truth: truths.items.enumerated().map { index, item in
                InstanceObject(
                    box: moved(item.box), classIndex: item.classIndex, isRight: matches.isFound[index],
                    isCrowd: item.isCrowd, mask: learnsMasks ? mask(item.covered(in: image.size)) : nil)
            },
            answer: shown.enumerated().map { index, object in
                InstanceObject(
                    box: moved(object.box), classIndex: object.classIndex, score: object.score,
                    isRight: matches.isRight[index] ?? true, isCrowd: matches.isRight[index] == nil,
                    mask: mask(object.mask))
            }, found: answer.found, wrong: answer.wrong, missed: answer.missed)
    }
}
