import Checkpoints
import Foundation
import Layers
import Reporting
import Tasks
import Tensors
import Testing
import Training

/// The mean of several weights, whole and greedy.
@Suite struct SoupTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Weights of a small ResNet, whose parameters are all `value`.
    private func write(_ name: String, _ value: Float, classes: Int = 2) throws -> String {
        let outline = try outline(classes)
        let weights = try Weights(fresh: outline)
        for entry in weights.store.list.entries { for k in entry.range { weights.store.flat.pointer[k] = value } }
        for (index, buffer) in weights.store.list.buffers.enumerated() {
            weights.store.setBuffer(index, Tensor(buffer.shape, repeating: abs(value)))
        }
        let path = "\(folder.path)/\(name).safetensors"
        try weights.write(path)
        return path
    }

    private func outline(_ classes: Int) throws -> ModelOutline {
        try recipe(["model.name=resnet20", "model.classes=\(classes)", "data.imageSize=[8, 8]"]).outline
    }

    /// The nearer the parameters' value lies to 2 the better.
    private func scores(_ weights: Weights) -> Scores {
        let value = Double(weights.store.flat.pointer[0])
        return Scores(loss: abs(value - 2), count: 1, [.accuracy: 1 - abs(value - 2) / 10])
    }

    @Test func theMeanOfAllIsTheMean() throws {
        let soup = try Soup([try write("a", 1), try write("b", 2), try write("c", 6)], greedy: false, measure: scores)
        let store = soup.weights.store
        #expect(store.list.entries.allSatisfy { store.flat.pointer[$0.offset] == 3 })
        #expect(zip(store.list.buffers, store.buffers).allSatisfy { $1.array[0] == ($0.isInteger ? 1 : 3) })
        #expect(soup.scores.loss == 1)
        #expect(soup.ingredients.map(\.isTaken) == [true, true, true])
    }

    @Test func greedyTakesTheBestFirstAndWhatDoesNoHarm() throws {
        // 1.5 alone; with 2.75 it is 2.125, which is better; 4 would make it 2.75.
        let soup = try Soup(
            [try write("far", 4), try write("near", 1.5), try write("other", 2.75)], greedy: true, measure: scores)
        #expect(
            soup.ingredients.map { $0.path.split(separator: "/").last } == [
                "near.safetensors", "other.safetensors", "far.safetensors",
            ])
        #expect(soup.ingredients.map(\.isTaken) == [true, true, false])
        #expect(soup.weights.store.flat.pointer[0] == 2.125)
        #expect(soup.scores.loss == 0.125)
        #expect(soup.ingredients[2].together?.loss == 0.75)
    }

    @Test func anotherModelIsRefused() throws {
        let paths = [try write("a", 1), try write("b", 2, classes: 3)]
        let error = #expect(throws: RecipeError.self) { _ = try Soup(paths, greedy: false, measure: scores) }
        #expect(error?.description.contains("b.safetensors holds another model than the first weights") == true)
    }
}
