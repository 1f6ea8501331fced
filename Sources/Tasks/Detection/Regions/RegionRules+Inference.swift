import Autograd
import Datasets
import Detection
import Foundation
import Layers
import Tensors

extension RegionRules {
    /// The objects that an answer means: regions go through all stages, each class that a region may be of is a candidate
    /// where the last stage moved its box to, and masks are asked of the boxes that are left.
    @specialized(where S == Float)
    package func detections<S: Scalar>(
        _ output: ModelOutput<S>, size: Pair, visible: [Pair], _ limits: DetectionLimits
    ) -> [[DetectedObject]] {
        let regions = secondStage(output)
        let boxes = evaluationProposals(output.answer, size: size, visible: visible, limits).map(\.boxes)
        var objects = boxOnly(regions, boxes, visible, limits)
        if answersMasks { addMasks(regions, &objects) }
        return objects
    }

    /// What the first stage proposes in evaluation, image by image.
    package func evaluationProposals<S: Scalar>(
        _ answer: [Variable<S>], size: Pair, visible: [Pair], _ limits: DetectionLimits
    ) -> [Proposals] {
        let answer = ProposalAnswer(answer)
        let anchors = AnchorGrid(proposals.anchors, answer.objectness, input: size)
        return proposals.proposals(
            answer, anchors, visible, .init(perLevel: limits.perLevel, most: proposals.evaluated))
    }

    /// The objects without masks.
    private func boxOnly<S: Scalar>(
        _ regions: any RegionAnswers<S>, _ boxes: [[Box]], _ visible: [Pair], _ limits: DetectionLimits
    ) -> [[DetectedObject]] {
        var boxes = boxes
        guard boxes.contains(where: { !$0.isEmpty }) else { return boxes.map { _ in [] } }
        var logits: [Tensor<S>] = []
        var deltas = Tensor<S>([0, 4], [])
        for (index, stage) in stages.enumerated() {
            let answer = regions.boxes(rows(boxes), stage: index)
            logits.append(answer.classes.value)
            deltas = answer.deltas.value
            guard index + 1 < stages.count else { break }
            let classes = foreground(answer.classes.value)
            var row = 0
            boxes = boxes.enumerated().map { image, boxes in
                boxes.map { box in
                    defer { row += 1 }
                    return moved(box, deltas, row: row, label: classes[row], stage, visible[image]) ?? box
                }
            }
        }
        let scores = averaged(logits)
        var first = 0
        return boxes.enumerated().map { image, boxes in
            defer { first += boxes.count }
            return objects(boxes, scores, deltas, firstRow: first, visible[image], limits)
        }
    }

    /// The probabilities of the classes, of all stages together.
    private func averaged<S: Scalar>(_ logits: [Tensor<S>]) -> Tensor<S> {
        func mean(_ parts: [Tensor<S>]) -> Tensor<S> {
            if parts.count == 1 { return parts[0] }
            return parts.dropFirst().reduce(parts[0]) { $0 + $1 }.scaled(by: 1 / S(parts.count))
        }
        return ensemble == .logits ? mean(logits).softmax() : mean(logits.map { $0.softmax() })
    }

    /// The objects of one image.
    private func objects<S: Scalar>(
        _ boxes: [Box], _ scores: Tensor<S>, _ deltas: Tensor<S>, firstRow: Int, _ visible: Pair,
        _ limits: DetectionLimits
    ) -> [DetectedObject] {
        guard let last = stages.last else { return [] }
        var found: [DetectedObject] = []
        scores.read { scores in
            for (index, box) in boxes.enumerated() {
                let row = scores + (firstRow + index) * (classes + 1)
                for label in 0..<classes where Double(row[column(label)]) > limits.score {
                    let place = moved(box, deltas, row: firstRow + index, label: label, last, visible)
                    // torchvision leaves out what has next to no extent.
                    guard let place, style == .mmdetection || place.isLarge(1e-2, style) else { continue }
                    found.append(DetectedObject(box: place, classIndex: label, score: Double(row[column(label)])))
                }
            }
        }
        return found.suppressed(limits)
    }

    /// Asks for the masks of objects: what all stages say on the average.
    private func addMasks<S: Scalar>(_ regions: any RegionAnswers<S>, _ objects: inout [[DetectedObject]]) {
        let boxes = objects.map { $0.map(\.box) }
        let count = boxes.reduce(0) { $0 + $1.count }
        guard count > 0 else { return }
        let asked: Tensor<S> = rows(boxes)
        let answers = stages.indices.compactMap { regions.masks(asked, stage: $0)?.value }
        guard let shape = answers.first?.shape else { return }
        let cells = shape[1] * shape[2]
        var row = 0
        for image in objects.indices {
            for index in objects[image].indices {
                let channel = column(objects[image][index].classIndex, of: shape.columns)
                var values = [Double](repeating: 0, count: cells)
                for answer in answers {
                    answer.read { logits in
                        let logits = logits + row * cells * shape.columns + channel
                        for cell in 0..<cells { values[cell] += 1 / (1 + exp(-Double(logits[cell * shape.columns]))) }
                    }
                }
                if answers.count > 1 { values = values.map { $0 / Double(answers.count) } }
                objects[image][index].mask = MaskPatch(side: shape[1], values: values)
                row += 1
            }
        }
    }
}
