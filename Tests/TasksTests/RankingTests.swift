import Datasets
import Foundation
import JSON
import Models
import Reporting
import Tasks
import Tensors
import Testing

/// Nine images and three classes; the expected figures are those of NumPy, threshold by threshold.
private let rows: [[Float]] = [
    [2, -2.5, 0.5], [-0.5, -0.5, 0], [-2, 0, -1], [3.5, 0, -0.5], [-0.5, -0.5, -1], [-0.5, 0.5, 0], [1, 0, 0],
    [1.5, 0.5, -0.5], [0, 0.5, 2],
]
private let truth: [[Float]] = [
    [1, 1, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0],
]

private func batch(_ range: Range<Int>, weights: [Float]? = nil) -> Batch<ClassSets> {
    Batch(
        images: ImageBatch(Tensor([range.count, 1, 1, 1], repeating: 0)),
        targets: ClassSets(values: truth[range].flatMap { $0 }, classes: 3, weights: weights))
}

private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-12 } ?? false }

@Suite struct RankingTests {
    private func findings(
        _ parts: [Range<Int>], thresholds: [Double] = [0.5, 0.5, 0.5],
        _ change: (inout EvaluationOptions) -> Void = { _ in }
    ) throws -> MultiLabelFindings {
        var options = EvaluationOptions(images: 9) { "image \($0)" }
        change(&options)
        var evaluator = MultiLabelEvaluator(classNames: ["a", "b", "c"], thresholds: thresholds, options)
        for part in parts { try evaluator.add(answer(Array(rows[part])), batch(part)) }
        return evaluator.finish()
    }

    @Test func figuresOfEachClassAreThoseOfNumPy() throws {
        let found = try findings([0..<4, 4..<9])
        #expect(
            zip(found.classes, [0.77, 0.37152777777777773, 0.1111111111111111]).allSatisfy {
                near($0.averagePrecision, $1)
            })
        #expect(zip(found.classes, [0.65, 0.325, 0.0625]).allSatisfy { near($0.auc, $1) })
        #expect(zip(found.classes, [-1.25, -3, -1.5]).allSatisfy { near($0.bestThreshold, 1 / (1 + exp(-$1))) })
        #expect(found.classes.map(\.images) == [5, 4, 1] && found.classes.map(\.predicted) == [5, 6, 5])
        #expect(found.classes.map(\.right) == [3, 2, 0] && found.exact == 1)
        #expect(near(found.classes[1].f1, 0.4) && near(found.microF1, 10.0 / 26))
        #expect(near(found.scores.loss, 0.8406481339308258))
        #expect(near(found.scores[.meanAveragePrecision], (0.77 + 0.37152777777777773 + 0.1111111111111111) / 3))
    }

    @Test func partsOfTheImagesChangeNothing() throws {
        let (whole, pieces) = (try findings([0..<9]), try findings([0..<1, 1..<8, 8..<9]))
        #expect(whole.scores == pieces.scores && whole.classes == pieces.classes)
    }

    @Test func aClassThatNoImageHasIsInNoMean() throws {
        var options = EvaluationOptions(images: 2) { "\($0)" }
        options.isComplete = true
        var evaluator = MultiLabelEvaluator(classNames: ["a", "b"], thresholds: [0.5, 0.5], options)
        let images = ImageBatch(Tensor([2, 1, 1, 1], repeating: 0))
        try evaluator.add(
            answer([[1, 3], [-1, 2]]), Batch(images: images, targets: ClassSets(values: [1, 0, 0, 0], classes: 2)))
        let found = evaluator.finish()
        #expect(found.absent == [1] && found.classes[1].f1 == nil && found.classes[1].averagePrecision == nil)
        #expect(found.scores[.meanAveragePrecision] == 1)
        // Draws without the one image of the class have no mean at all.
        #expect(found.interval?.high == 1)
    }

    @Test func theThresholdsOfTheWeightsDecideAndTheBestOnesGoWithThem() throws {
        let low = try findings([0..<9], thresholds: [0.1, 0.99, 0.5])
        #expect(low.classes[0].predicted == 9 && low.classes[1].predicted == 0 && low.classes[1].precision == 0)
        let task = MultiLabelTask(vocabulary: Vocabulary(task: "multiLabel", classNames: ["a", "b", "c"]))
        #expect(task.thresholds == [0.5, 0.5, 0.5])
        var vocabulary = task.vocabulary
        vocabulary.settings = try #require(task.settings(after: low))
        let kept = MultiLabelConfiguration.task(vocabulary)
        #expect(zip(kept.thresholds, [-1.25, -3, -1.5]).allSatisfy { near($0, 1 / (1 + exp(-$1))) })
        let said = kept.predictions(
            answer([[-1, -4, -1.75], [3, 3, -1]]), images: ["x", "y"], PredictionOptions(top: 1))
        #expect(try said.map { try $0.get().fields[0] } == ["a", "a|b|c"])
        #expect(try said[0].get().rows == [["a", "26.89%", "22.27%"]])
        var options = PredictionOptions(top: 1)
        options.threshold = 0.9
        #expect(try kept.predictions(answer([[-1, 4, 0]]), images: ["x"], options)[0].get().fields[0] == "b")
        #expect(
            try kept.predictions(answer([[-1, 1, 0]]), images: ["x"], options)[0].get().rows == [["none", "-", "-"]])
    }

    @Test func theFarthestAnswersAndARowForEachImageAreKept() throws {
        var lines: [[String]] = []
        let found = try findings([0..<5, 5..<9]) {
            $0.mistakes = 2
            $0.isComplete = true
            $0.row = { lines.append($0) }
        }
        #expect(found.mistakes.count == 2 && found.mistakes[0].loss >= found.mistakes[1].loss)
        #expect(found.mistakes[0].actual != found.mistakes[0].predicted)
        #expect(lines.count == 10 && lines[0] == ["path", "label", "predicted", "p(a)", "p(b)", "p(c)"])
        #expect(lines[1].prefix(3) == ["image 0", "a|b", "a|c"])
        let interval = try #require(found.interval)
        let mean = try #require(found.scores[.meanAveragePrecision])
        #expect(interval.low < mean && mean < interval.high && interval.low > 0)
    }

    /// An image's weight, and that of a class where it is there, multiply its terms; the divisor stays.
    @Test(arguments: [nil, [1, 0, 2, 1, 3, 0.5, 1, 1, 0] as [Float]], [[], [2, 0.5, 1] as [Float]])
    func theLossIsTheFormula(weights: [Float]?, classWeights: [Float]) {
        let task = MultiLabelTask(
            vocabulary: Vocabulary(task: "multiLabel", classNames: ["a", "b", "c"]), classWeights: classWeights)
        let loss = task.loss(answer(rows), batch(0..<9, weights: weights), emptyContext(), update: 0)
        var expected = 0.0
        for (index, row) in rows.enumerated() {
            for (c, x) in row.enumerated() {
                let (x, t) = (Double(x), Double(truth[index][c]))
                let own = Double(weights?[index] ?? 1) * (t > 0 && !classWeights.isEmpty ? Double(classWeights[c]) : 1)
                expected += own * (log(1 + exp(x)) - t * x) / 27
            }
        }
        #expect(abs(Double(loss.total.value.item) - expected) < 1e-6)
        #expect(batch(0..<9, weights: weights).targets.part(2..<5).weights == weights.map { Array($0[2..<5]) })
    }

    @Test func targetsAreZerosAndOnes() {
        var random = Random(seed: 0, purpose: "none")
        let images = ImageBatch(Tensor([2, 1, 1, 1], repeating: 0))
        let made = ClassSetCollator(classes: 3).collate([ClassSet([2, 0, 2]), ClassSet([])], images, &random)
        #expect(made.values == [1, 0, 1, 0, 0, 0] && made.weights == nil)
        let weighted = ClassSetCollator(classes: 1).collate([ClassSet([0], weight: 2), ClassSet([])], images, &random)
        #expect(weighted.weights == [2, 1])
    }

    @Test func damagedThresholdsAreRefused() throws {
        var vocabulary = Vocabulary(task: "multiLabel", classNames: ["a", "b"])
        func problem() -> String? {
            MultiLabelConfiguration.contradiction(
                vocabulary, ModelSpecification(ResNetSpecification.free), size: Pair(8))
        }
        #expect(problem() == nil)
        vocabulary.settings = ["thresholds": [0.5, 0.25]]
        #expect(problem() == nil)
        for wrong: JSONValue in [[0.5], [0.5, 2], [0.5, "x"], "x"] {
            vocabulary.settings = ["thresholds": wrong]
            #expect(problem()?.contains("thresholds are damaged, expected 2 numbers") == true)
        }
    }
}
