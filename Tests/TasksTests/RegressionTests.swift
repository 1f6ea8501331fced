import Configuration
import Datasets
import Foundation
import JSON
import Models
import Reporting
import Tasks
import Tensors
import Testing

/// Seven images and two targets; the expected figures are those of NumPy.
private let truth: [[Double]] = [
    [11.75, -9.3], [7.65, -0.42], [2.52, 8.8], [11.47, -37.78], [10.18, -24.28], [12.27, -45.68], [7.26, 9.19],
]
private let answers: [[Float]] = [
    [1.16, -2.16], [-0.5, 0.33], [-0.61, 1.59], [-1.19, 0.35], [-1.05, 1.41], [-0.02, -0.37], [-1.72, 1.68],
]
private let weights: [Float] = [1, 2, 0, 0.5, 1, 3, 1]

private func task(_ overrides: [String] = []) throws -> RegressionTask {
    let text = "task: regression\nloss: {\(overrides.joined(separator: ", "))}\n"
    let configuration = try ConfigurationDocument.parse(text: text, name: "x.yaml", overrides: []).readResolved {
        TaskRegistry.read($0)
    }.value
    let settings: JSONValue = ["mean": [9.5, -4], "deviation": [2.5, 16]]
    return try #require(configuration as? RegressionConfiguration).makeTask(
        Vocabulary(task: "regression", classNames: ["age", "height"], settings: settings), training: nil)
}

private func batch(_ range: Range<Int>, weights: [Float]? = nil) -> Batch<QuantityTargets> {
    Batch(
        images: ImageBatch(Tensor([range.count, 1, 1, 1], repeating: 0)),
        targets: QuantityTargets(values: truth[range].flatMap { $0 }, outputs: 2, weights: weights))
}

private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-5 * max(1, abs(b)) }

@Suite struct RegressionTests {
    private func findings(_ parts: [Range<Int>], _ change: (inout EvaluationOptions) -> Void = { _ in }) throws
        -> RegressionFindings
    {
        var options = EvaluationOptions(images: 7) { "image \($0)" }
        change(&options)
        var evaluator = try task().evaluator(options)
        for part in parts { try evaluator.add(answer(Array(answers[part])), batch(part)) }
        return evaluator.finish()
    }

    @Test func figuresAreInTheUnitsOfTheTargetsAndThoseOfNumPy() throws {
        let found = try findings([0..<3, 3..<7])
        #expect(zip(found.targets, [-0.07609826645338136, -0.9979054332960262]).allSatisfy { near($0.rSquared, $1) })
        #expect(
            zip(found.targets, [2.833571428571428, 25.03857142857143]).allSatisfy { near($0.meanAbsoluteError, $1) })
        #expect(
            zip(found.targets, [3.3404784729992545, 28.96068985958134]).allSatisfy { near($0.rootMeanSquaredError, $1) }
        )
        #expect(zip(found.targets, [-0.9178571428571428, 16.678571428571427]).allSatisfy { near($0.bias, $1) })
        #expect(near(found.scores.loss, 2.5308317555803574))
        #expect(near(found.scores.primary, (-0.07609826645338136 - 0.9979054332960262) / 2))
        #expect(try findings([0..<7]).targets == found.targets)
    }

    @Test func theFarthestAnswersPointsAndIntervalsAreKept() throws {
        var lines: [[String]] = []
        let found = try findings([0..<7]) {
            $0.mistakes = 3
            $0.isComplete = true
            $0.row = { lines.append($0) }
        }
        #expect(found.mistakes.map(\.index) == [4, 3, 5] && found.targets[0].points.count == 7)
        #expect(found.mistakes[0].distance > 2.6 && found.mistakes[0].distance < 2.7)
        #expect(found.targets[1].points[2].actual == 8.8)
        let intervals = try #require(found.targets[0].intervals)
        #expect(intervals.meanAbsoluteError.low < 2.83 && intervals.meanAbsoluteError.high > 2.84)
        #expect(intervals.rSquared.low < -0.08)
        #expect(lines[0] == ["path", "age", "predicted(age)", "height", "predicted(height)"] && lines.count == 8)
        let text = try task().text(found)
        #expect(text.contains("age") && text.contains("2.83") && text.contains("25.0"))
    }

    @Test func constantTruthHasARatioOfItsOwn() throws {
        var evaluator = try task().evaluator(EvaluationOptions(images: 2) { "\($0)" })
        let images = ImageBatch(Tensor([2, 1, 1, 1], repeating: 0))
        let targets = QuantityTargets(values: [9.5, 3, 9.5, 3], outputs: 2)
        try evaluator.add(answer([[0, 0], [0, 1]]), Batch(images: images, targets: targets))
        #expect(evaluator.finish().targets.map(\.rSquared) == [1, 0])
    }

    @Test(arguments: [
        (["kind: mse"], 2.5308317555803574, 2.690386418526786),
        (["kind: huber", "delta: 0.8"], 0.7981424665178573, 0.8654206473214286),
        (["kind: l1"], 1.349169642857143, 1.4835),
    ])
    func lossesAreTheFormulas(_ keys: [String], _ plain: Double, _ weighted: Double) throws {
        let task = try task(keys)
        let loss = task.loss(answer(answers), batch(0..<7), emptyContext(), update: 0)
        #expect(near(Double(loss.total.value.item), plain), "\(loss.total.value.item)")
        let other = task.loss(answer(answers), batch(0..<7, weights: weights), emptyContext(), update: 0)
        #expect(near(Double(other.total.value.item), weighted), "\(other.total.value.item)")
        #expect(batch(0..<7, weights: weights).targets.part(1..<3).weights == [2, 0])
        var evaluator = task.evaluator(EvaluationOptions(images: 7) { "\($0)" })
        try evaluator.add(answer(answers), batch(0..<7))
        #expect(near(evaluator.finish().scores.loss, plain))
    }

    @Test func predictionsAreInTheUsersUnits() throws {
        let said = try task().predictions(
            answer([[1, -0.5], [.nan, 0]]), images: ["x", "y"], PredictionOptions(top: 1))
        let first = try said[0].get()
        #expect(first.rows == [["12.00", "-12.0"]] && first.fields == ["12.0", "-12.0"])
        #expect(first.members.first?.value["height"]?.doubleValue == -12)
        #expect(throws: PredictionFailure.self) { try said[1].get() }
    }

    @Test func damagedUnitsAreRefused() throws {
        var vocabulary = Vocabulary(task: "regression", classNames: ["a"])
        func problem() -> String? {
            RegressionConfiguration.contradiction(
                vocabulary, ModelSpecification(ResNetSpecification.free), size: Pair(8))
        }
        vocabulary.settings = ["mean": [1], "deviation": [2]]
        #expect(problem() == nil)
        for wrong: JSONValue in [
            .null, ["mean": [1], "deviation": [0]], ["mean": [1, 2], "deviation": [1, 2]], ["mean": [1]],
        ] {
            vocabulary.settings = wrong
            #expect(problem()?.contains("mean and deviation of 1 targets") == true)
        }
    }
}
