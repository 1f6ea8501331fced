import Configuration
import Datasets
import Foundation
import Tasks
import Tensors
import Testing

/// The formulas as they are written down, in double precision.
enum Plain {
    static func logSoftmax(_ row: [Float]) -> [Double] {
        let values = row.map { Double($0) }
        let sum = values.map { exp($0) }.reduce(0, +)
        return values.map { $0 - log(sum) }
    }

    /// The mean over the images of - sum of weight * share * log probability.
    static func crossEntropy(_ rows: [[Float]], _ shares: [[Double]], _ weights: [Double]) -> Double {
        let terms = zip(rows, shares).map { row, share in
            zip(logSoftmax(row), zip(share, weights)).reduce(0) { $0 - $1.1.1 * $1.1.0 * $1.0 }
        }
        return terms.reduce(0, +) / Double(rows.count)
    }

    /// The mean over all elements of weight * (- share log sigmoid(x) - (1 - share) log sigmoid(-x)).
    static func binaryCrossEntropy(_ rows: [[Float]], _ shares: [[Double]], _ weights: [Double]) -> Double {
        func logSigmoid(_ x: Double) -> Double { -log(1 + exp(-x)) }
        var sum = 0.0
        for (row, share) in zip(rows, shares) {
            for (c, x) in row.enumerated() {
                sum -= weights[c] * (share[c] * logSigmoid(Double(x)) + (1 - share[c]) * logSigmoid(-Double(x)))
            }
        }
        return sum / Double(rows.count * rows[0].count)
    }

    /// 1 - smoothing at the label, and smoothing / classes everywhere.
    static func shares(_ labels: [Int32], _ classes: Int, smoothing: Double) -> [[Double]] {
        labels.map { label in
            (0..<classes).map { smoothing / Double(classes) + ($0 == Int(label) ? 1 - smoothing : 0) }
        }
    }
}

@Suite struct ClassificationLossTests {
    private let rows: [[Float]] = [[2, -1, 0.5, 0], [-0.25, 0, 1.5, -2], [0, 3, 1, 1]]
    private let classes: [Int32] = [0, 3, 1]
    private let weights: [Float] = [0.5, 2, 1, 3]

    private func task(
        _ kind: ClassificationConfiguration.Kind, smoothing: Double = 0, weights: [Float] = [], mixes: Bool = false,
        dataClasses: Int? = nil
    ) -> ClassificationTask {
        var configuration = ClassificationConfiguration(labelSmoothing: smoothing)
        configuration.kind = kind
        if mixes { configuration.mixing = Mixing(mixupAlpha: 1) }
        return ClassificationTask(
            vocabulary: Vocabulary(task: "classification", classNames: names(4)), configuration: configuration,
            dataClasses: dataClasses, classWeights: weights)
    }

    private func loss(_ task: ClassificationTask, _ labels: Labels? = nil) -> TaskLoss {
        task.loss(
            answer(rows), batch(labels ?? Labels(classes: classes, classCount: 4)), emptyContext(), update: 0)
    }

    private func agree(_ loss: TaskLoss, _ expected: Double) -> Bool {
        abs(Double(loss.total.value.item) - expected) < 1e-6 * max(1, abs(expected))
    }

    @Test(arguments: [0, 0.1, 0.5], [false, true])
    func lossesOfLabelsAreTheFormulas(smoothing: Double, isWeighted: Bool) {
        let own: [Float] = isWeighted ? weights : []
        let factors = isWeighted ? weights.map { Double($0) } : [1, 1, 1, 1]
        let shares = Plain.shares(classes, 4, smoothing: smoothing)
        #expect(
            agree(
                loss(task(.crossEntropy, smoothing: smoothing, weights: own)),
                Plain.crossEntropy(rows, shares, factors)))
        #expect(
            agree(
                loss(task(.binaryCrossEntropy, smoothing: smoothing, weights: own)),
                Plain.binaryCrossEntropy(rows, shares, factors)))
    }

    /// Shares are of the data's classes, smoothed already where they are made; outputs beyond them have a share of 0.
    @Test(arguments: [false, true])
    func lossesOfSharesAreTheFormulasAndOutputsBeyondTheDataHaveNoShare(isWeighted: Bool) {
        let shares: [[Float]] = [[0.75, 0.25, 0], [0, 0, 1], [0.125, 0.5, 0.375]]
        let labels = Labels(classes: [0, 2, 1], shares: shares.flatMap { $0 }, classCount: 3)
        let padded = shares.map { $0.map { Double($0) } + [0] }
        let own: [Float] = isWeighted ? weights : []
        let factors = isWeighted ? weights.map { Double($0) } : [1, 1, 1, 1]
        #expect(
            agree(
                loss(task(.crossEntropy, smoothing: 0.3, weights: own), labels),
                Plain.crossEntropy(rows, padded, factors)))
        #expect(
            agree(
                loss(task(.binaryCrossEntropy, smoothing: 0.3, weights: own), labels),
                Plain.binaryCrossEntropy(rows, padded, factors)))
    }

    /// Each image's terms times its weight, divided as if there were none.
    @Test(arguments: [ClassificationConfiguration.Kind.crossEntropy, .binaryCrossEntropy], [false, true])
    func weightsOfImagesMultiplyTheirTerms(_ kind: ClassificationConfiguration.Kind, isWeighted: Bool) {
        let task = task(kind, smoothing: 0.1, weights: isWeighted ? weights : [])
        let own: [Float] = [2, 0, 0.5]
        var expected = 0.0
        for index in 0..<3 {
            let alone = task.loss(
                answer([rows[index]]), batch(Labels(classes: [classes[index]], classCount: 4)), emptyContext(),
                update: 0)
            expected += Double(own[index]) * Double(alone.total.value.item) / 3
        }
        let labels = Labels(classes: classes, classCount: 4, weights: own)
        #expect(agree(loss(task, labels), expected))
        #expect(labels.part(1..<3).weights == [0, 0.5])
        let ones = Labels(classes: classes, classCount: 4, weights: [1, 1, 1])
        #expect(agree(loss(task, ones), Double(loss(task).total.value.item)))
    }

    @Test func mixedImagesCountByTheWeightsOfTheirParts() {
        #expect(Mixing.weights([2, 1, 0], own: 0.75) == [1.5, 1, 0.5])
        var random = Random(seed: 1, purpose: "mixing")
        let images = ImageBatch(Tensor([2, 1, 1, 1], repeating: 0))
        let collator = LabelCollator(classCount: 2, mixing: Mixing(mixupAlpha: 1))
        let mixed = collator.collate([ClassLabel(0, weight: 3), ClassLabel(1)], images, &random)
        #expect(mixed.weights.map { abs($0[0] + $0[1] - 4) < 1e-6 } == true)
        #expect(LabelCollator(classCount: 2).collate([ClassLabel(0)], images, &random).weights == nil)
    }

    @Test func measuredCountsTheImagesThatAreRight() {
        #expect(loss(task(.crossEntropy)).measured == 2)
        #expect(loss(task(.binaryCrossEntropy), Labels(classes: [0, 2, 1], classCount: 4)).measured == 3)
        #expect(loss(task(.crossEntropy)).terms.isEmpty)
    }

    /// The rows' largest outputs are 0, 2 and 1.
    @Test func aMixedImageIsRightWhereItsLargerShareIs() {
        func measured(_ shares: [[Float]]) -> Double {
            loss(task(.crossEntropy), Labels(classes: [1, 0, 3], shares: shares.flatMap { $0 }, classCount: 4))
                .measured
        }
        #expect(measured([[0.75, 0.25, 0, 0], [0.25, 0, 0.75, 0], [0, 0.75, 0, 0.25]]) == 3)
        #expect(measured([[0.25, 0.75, 0, 0], [0.75, 0, 0.25, 0], [0, 0.25, 0, 0.75]]) == 0)
        // Equal shares count as the image's own class.
        #expect(measured([[0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]]) == 0)
    }

    @Test func trainingMixesAndMeasuringDoesNot() {
        let mixing = task(.crossEntropy, smoothing: 0.25, mixes: true)
        #expect(mixing.mixesImages && !task(.crossEntropy).mixesImages)
        #expect(mixing.collator(training: true).mixing == Mixing(mixupAlpha: 1))
        #expect(mixing.collator(training: true).smoothing == 0.25)
        #expect(mixing.collator(training: false).mixing == nil)
        #expect(task(.crossEntropy).collator(training: true).mixing == nil)
        #expect(task(.crossEntropy, dataClasses: 3).collator(training: true).classCount == 3)
    }

    @Test func weightsOfClassesAreTakenOfTheTrainingImages() throws {
        let image = Image(width: 1, height: 1, channels: 1, pixels: [0])
        // Classes of three, one and no images.
        let data = InMemoryDataset(
            classNames: names(3), images: Array(repeating: image, count: 4), labels: [0, 0, 0, 1], source: "x")
        let vocabulary = Vocabulary(task: "classification", classNames: names(4))
        func loss(_ weights: ClassWeights) throws -> Double {
            var configuration = ClassificationConfiguration()
            configuration.classWeights = weights
            let task = try configuration.makeTask(vocabulary, training: data)
            return Double(
                task.loss(answer(rows), batch(Labels(classes: [0, 1, 2], classCount: 3)), emptyContext(), update: 0)
                    .total.value.item)
        }
        let shares = Plain.shares([0, 1, 2], 4, smoothing: 0)
        // Balanced: 4 images over 2 present classes times the images of each; a class without images counts 1.
        #expect(abs(try loss(.balanced) - Plain.crossEntropy(rows, shares, [2.0 / 3, 2, 1, 1])) < 1e-6)
        #expect(abs(try loss(.list([3, 0, 2])) - Plain.crossEntropy(rows, shares, [3, 0, 2, 1])) < 1e-6)
        #expect(abs(try loss(.equal) - Plain.crossEntropy(rows, shares, [1, 1, 1, 1])) < 1e-6)
        #expect(throws: RecipeError("loss.classWeights has 2 entries, but the data has 3 classes")) {
            try loss(.list([1, 2]))
        }
    }

    @Test func termsOfTheSameNameAreAddedUp() {
        var terms: [TaskLoss.Term] = []
        terms.add([.init(name: "a", raw: 4, weighted: 2), .init(name: "b", raw: 1, weighted: 1)], factor: 0.5)
        terms.add([.init(name: "b", raw: 3, weighted: 5), .init(name: "c", raw: 1, weighted: 1)], factor: 2)
        #expect(
            terms == [
                .init(name: "a", raw: 2, weighted: 1), .init(name: "b", raw: 6.5, weighted: 10.5),
                .init(name: "c", raw: 2, weighted: 2),
            ])
    }

    @Test func partsOfLabelsAreThoseOfTheirImages() {
        let mixed = Labels(classes: [4, 5, 6], shares: [0, 1, 2, 3, 4, 5], classCount: 2)
        let part = mixed.part(1..<3)
        #expect(part.classes == [5, 6] && part.shares == [2, 3, 4, 5] && part.classCount == 2)
        let plain = Labels(classes: [4, 5, 6], classCount: 9).part(0..<1)
        #expect(plain.classes == [4] && plain.shares == nil && plain.classCount == 9)
        #expect(mixed.part(2..<2).classes.isEmpty && mixed.part(2..<2).shares == [])
    }
}
