import Datasets
import Tasks
import Testing
import Training

/// Learning from a part of the training images.
struct TrainingSubsetTests {
    private func labels(_ count: Int, seed: Int = 0) throws -> [String: Int] {
        let data = try prepared(recipe(["data.trainingImages=\(count)", "run.seed=\(seed)", "data.validation=0"]))
        let train = data.splits.train
        return Dictionary(uniqueKeysWithValues: try (0..<train.count).map { (train.name($0), try train.label($0)) })
    }

    @Test func everyClassKeepsItsShareAndAllSeedsLearnFromTheSameImages() throws {
        let few = try labels(200)
        #expect(few.count == 200)
        let counts = Dictionary(grouping: few.values) { $0 }.mapValues(\.count)
        #expect(counts.count == 10 && counts.values.allSatisfy { 17...23 ~= $0 }, "found \(counts)")
        #expect(try labels(200, seed: 7) == few)
        let more = try labels(300)
        #expect(more.count == 300 && few.keys.allSatisfy { more[$0] != nil }, "the 200 images are among the 300")
    }

    @Test func itIsToldAndMoreThanThereAreIsRefused() throws {
        let data = try prepared(recipe(["data.trainingImages=20", "data.validation=0"]))
        let all = try prepared(recipe(["data.validation=0"])).splits.train.count
        #expect(data.notices.contains("20 of the \(all) training images are learnt from (data.trainingImages)."))
        let error = #expect(throws: RecipeError.self) {
            try prepared(recipe(["data.trainingImages=\(all + 1)", "data.validation=0"]))
        }
        #expect(
            error.map { "\($0)" }
                == "data.trainingImages is \(all + 1), but digits has \(all) training images, expected at most as many")
    }
}
