import Reporting
import Tasks
import Testing

@Suite struct ClassificationEvaluatorTests {
    private func options(_ count: Int, _ change: (inout EvaluationOptions) -> Void = { _ in }) -> EvaluationOptions {
        var options = EvaluationOptions(images: count) { "image \($0)" }
        change(&options)
        return options
    }

    /// Adds rows of logits as one batch each.
    private func found(
        _ batches: [(rows: [[Float]], labels: [Int32])], _ options: EvaluationOptions
    ) throws -> ClassificationFindings {
        let classes = batches[0].rows[0].count
        var evaluator = ClassificationEvaluator(classNames: names(classes), options)
        for (rows, labels) in batches { try evaluator.add(answer(rows), batch(labels, of: classes)) }
        return evaluator.finish()
    }

    @Test func countsAreThoseOfAllBatches() throws {
        let found = try found(
            [
                ([[3, 1, 0], [0, 2, 1], [0, 2, 1]], [0, 1, 2]), ([[0, 0, 5]], [2]),
            ], options(4))
        #expect(found.scores.count == 4)
        #expect(found.scores[.accuracy] == 0.75)
        #expect(found.confusion == [[1, 0, 0], [0, 1, 0], [0, 1, 1]])
        #expect(found.report == nil && found.notices.isEmpty)
    }

    @Test func theLossIsTheMeanCrossEntropyWithoutSmoothing() throws {
        let rows: [[Float]] = [[3, 1, 0], [-1, 2, 1], [0.5, 0.25, -4]]
        let labels: [Int32] = [0, 2, 2]
        let expected = zip(rows, labels).map { -Plain.logSoftmax($0)[Int($1)] }.reduce(0, +) / 3
        let found = try found([(rows, labels)], options(3))
        #expect(abs(found.scores.loss - expected) < 1e-6)
    }

    @Test func ofEqualOutputsTheFirstIsNamed() throws {
        let found = try found([([[1, 1, 0], [1, 1, 0], [0, 1, 1]], [0, 1, 2])], options(3))
        #expect(found.confusion == [[1, 0, 0], [1, 0, 0], [0, 1, 0]])
        #expect(found.scores[.accuracy] == 1.0 / 3)
    }

    @Test func aClassIsAmongFiveWhereFewerThanFiveComeBeforeIt() throws {
        // Seven classes, all alike: those before the label count as more probable, so the first five are among five.
        let equal = [Float](repeating: 0.5, count: 7)
        for label in 0..<7 {
            let found = try found([([equal], [Int32(label)])], options(1))
            #expect(found.scores[.topFiveAccuracy] == (label < 5 ? 1 : 0), "label \(label)")
        }
        let falling: [Float] = [7, 6, 5, 4, 3, 2, 1]
        let found = try found([([falling, falling, falling], [4, 5, 6])], options(3))
        #expect(found.scores[.topFiveAccuracy] == 1.0 / 3)
    }

    @Test func ofUpToFiveClassesEachIsAmongThem() throws {
        let found = try found([([[3, 2, 1], [3, 2, 1]], [2, 1])], options(2))
        #expect(found.scores[.topFiveAccuracy] == 1 && found.scores[.accuracy] == 0)
    }

    @Test func mistakesAreKeptByConfidenceOverAllBatchesAndThenByIndex() throws {
        let rows: [[Float]] = [[0, 1], [0, 4], [0, 2], [0, 2], [5, 0]]
        let labels: [Int32] = [0, 0, 0, 0, 0]
        func kept(_ count: Int) throws -> [ClassificationFindings.Mistake] {
            try found([(rows, labels)], options(5) { $0.mistakes = count }).mistakes
        }
        #expect(try kept(0).isEmpty)
        #expect(try kept(3).map(\.index) == [1, 2, 3])
        #expect(try kept(9).map(\.index) == [1, 2, 3, 0], "the right answer is no mistake")
        let worst = try #require(try kept(1).first)
        #expect(worst.actual == 0 && worst.predicted == 1)
        #expect(abs(worst.confidence - 0.9820137900379085) < 1e-6)
        #expect(abs(worst.actualProbability - 0.017986209962091555) < 1e-6)
        // A later batch may be worse than what an earlier one left.
        let later = try found([(rows, labels), ([[0, 9]], [0])], options(6) { $0.mistakes = 2 }).mistakes
        #expect(later.map { ($0.confidence * 1000).rounded() } == [1000, 982])
    }

    @Test func aTableHasAHeaderAndARowForEachImage() throws {
        var rows: [[String]] = []
        _ = try found(
            [([[0, 0]], [1]), ([[0, 0]], [0])],
            options(2) {
                $0.isComplete = true
                $0.row = { rows.append($0) }
            })
        #expect(
            rows == [
                ["path", "label", "predicted", "p(c0)", "p(c1)"], ["image 0", "c1", "c0", "0.5", "0.5"],
                ["image 0", "c0", "c0", "0.5", "0.5"],
            ])
    }

    @Test func whatWritingARowThrowsEndsTheEvaluation() {
        struct DiskFull: Error {}
        #expect(throws: DiskFull.self) {
            try found(
                [([[0, 0]], [1])],
                options(1) {
                    $0.isComplete = true
                    $0.row = { _ in throw DiskFull() }
                })
        }
    }

    @Test func aCompleteEvaluationHasTheReportOfItsOwnCounts() throws {
        let found = try found([([[2, 0], [2, 0], [0, 2]], [0, 1, 1])], options(3) { $0.isComplete = true })
        let report = try #require(found.report)
        #expect(report.classes.map(\.images) == [1, 2] && report.classes.map(\.predicted) == [2, 1])
        #expect(report.macroAUC == 0.75 && report.calibrationError != nil)
        #expect(found.notices.isEmpty)
    }

    @Test func tooManyImagesForAreasAreTold() throws {
        let found = try found([([[2, 0]], [0])], options(1 << 40) { $0.isComplete = true })
        #expect(found.notices == ["there are too many images and classes for areas under curves (AUC)."])
        #expect(found.report?.macroAUC == nil && found.report?.macroF1 == 1)
    }

    @Test func outputsThatAreNotFiniteAreRefusedByTheImagesNameWhereAllIsAskedFor() throws {
        let rows: [[Float]] = [[0, 1], [.nan, 1]]
        let error = #expect(throws: RecipeError.self) {
            try found([(rows, [0, 1])], options(2) { $0.isComplete = true })
        }
        #expect(error?.description.hasPrefix("image 1: the model's outputs are not finite") == true)
        let unchecked = try found([(rows, [0, 1])], options(2))
        let refused = #expect(throws: RecipeError.self) { try unchecked.checked("weights.x") }
        #expect(refused?.description.hasPrefix("weights.x: the model's outputs are not finite") == true)
        #expect(throws: Never.self) { try found([([[0, 1]], [0])], options(1)).checked("weights.x") }
    }

    @Test func nothingAddedIsNothingFound() {
        var evaluator = ClassificationEvaluator(classNames: names(3), options(0))
        let found = evaluator.finish()
        #expect(found.scores.count == 0 && found.scores.loss == 0 && found.scores[.accuracy] == 0)
    }
}
