import JSON
import Tasks
import Testing

@Suite struct PredictionTests {
    private let task = ClassificationConfiguration.task(
        Vocabulary(task: "classification", classNames: ["cat", "long name", "dog"]))

    private func predictions(
        _ rows: [[Float]], top: Int = 2, showsOutputs: Bool = false
    ) -> [Result<Prediction, PredictionFailure>] {
        task.predictions(
            answer(rows), images: rows.indices.map { "image \($0)" },
            PredictionOptions(top: top, showsOutputs: showsOutputs))
    }

    @Test func columnsNameWhatFollows() {
        let columns = task.predictionColumns
        #expect(columns.fields == ["predicted", "probability", "p(cat)", "p(long name)", "p(dog)"])
        #expect(columns.table.count == 2)
    }

    @Test func theMostProbableClassesComeFirst() throws {
        // Probabilities of 1/4, 1/4 and 1/2.
        let prediction = try predictions([[0, 0, 0.6931472]])[0].get()
        #expect(prediction.image == "image 0")
        #expect(prediction.rows.map { $0[0] } == ["dog", "cat"])
        #expect(prediction.rows.map { $0[1] } == ["50.00%", "25.00%"])
        #expect(prediction.fields[0] == "dog")
        #expect(prediction.fields.count == task.predictionColumns.fields.count)
        let values = prediction.fields.dropFirst().compactMap { Float($0) }
        #expect(zip(values, [0.5, 0.25, 0.25, 0.5]).allSatisfy { abs(Double($0) - $1) < 1e-6 } && values.count == 4)
        #expect(try predictions([[0, 0, 1]], top: 1)[0].get().rows.count == 1)
        #expect(try predictions([[0, 0, 1]], top: 9)[0].get().rows.count == 3)
    }

    @Test func jsonGivesTheClassesAndOnDemandTheOutputs() throws {
        let plain = try predictions([[1, 2, 3]], top: 1)[0].get()
        #expect(plain.members.map(\.name) == ["classes"])
        let full = try predictions([[1, 2, 3]], top: 1, showsOutputs: true)[0].get()
        #expect(full.members.map(\.name) == ["classes", "logits"])
        #expect(full.members[1].value == [1.0, 2.0, 3.0])
        let best = try #require(full.members[0].value.arrayValue)
        #expect(best.count == 1 && best[0]["name"] == "dog")
        #expect(abs((best[0]["probability"]?.doubleValue ?? 0) - 0.6652409557748218) < 1e-6)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func outputsThatAreNotFiniteAreRefusedByTheImagesNameAndTheOthersStand(bad: Float) throws {
        let found = predictions([[0, 1, 2], [0, bad, 2], [3, 1, 2]])
        #expect(try found[0].get().fields[0] == "dog" && found[2].get().fields[0] == "cat")
        let failure = #expect(throws: PredictionFailure.self) { try found[1].get() }
        #expect(failure?.reason.hasPrefix("image 1: the model's outputs for this image are not finite") == true)
    }
}
