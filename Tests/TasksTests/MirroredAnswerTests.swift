import Autograd
import Foundation
import JSON
import Layers
import Reporting
import Tasks
import Tensors
import Testing

@Suite struct MirroredAnswerTests {
    private func probabilities(_ rows: [Float], temperature: Double) -> [Double] {
        let powers = rows.map { exp(Double($0) / temperature) }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    @Test(arguments: [1.0, 2.5])
    func probabilitiesAreTheMeansOfBothAnswers(temperature: Double) throws {
        let (first, second): ([Float], [Float]) = ([3, 1, -2], [-1, 2, 0.5])
        let task = ClassificationConfiguration.task(
            Vocabulary(
                task: "classification", classNames: ["a", "b", "c"],
                settings: temperature == 1 ? .null : ["temperature": .number(temperature)]))
        let both = try #require(task.averaged(answer([first]), answer([second])))
        let found = probabilities(both.logits.value.array, temperature: temperature)
        let expected = zip(
            probabilities(first, temperature: temperature), probabilities(second, temperature: temperature)
        ).map { ($0 + $1) / 2 }
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found), expected \(expected)")
    }
}
