import Configuration
import Testing

/// What people type who know other programs.
@Suite struct FieldNamesTests {
    private func problems(_ overrides: [String]) throws -> [String] {
        let document = try ConfigurationDocument.parse(text: "optimizer: {}", name: "c.yaml", overrides: overrides)
        do {
            try document.read { reader in
                reader.section("optimizer", "") { optimizer in
                    _ = optimizer.double("learningRate", default: 1, "")
                    _ = optimizer.double("weightDecay", default: 1, "")
                    _ = optimizer.double("momentum", default: 1, "")
                    _ = optimizer.optionalSection("ema", "") { $0.double("decay", default: 1, "") }
                }
                reader.section("training", "") { training in
                    _ = training.int("epochs", default: 1, "")
                    _ = training.int("loaderThreads", default: 1, "")
                }
                reader.section("stage", "") { _ = $0.int("epochs", default: 1, "") }
                reader.section("data", "") { _ = $0.optionalInts("imageSize", "") }
            }
            return []
        } catch let error as ConfigurationError { return error.problems.map(\.message) }
    }

    @Test(arguments: [
        ("optimizer.lr", "learningRate"), ("lr", "optimizer.learningRate"), ("training.lr", "optimizer.learningRate"),
        ("optimizer.wd", "weightDecay"), ("workers", "training.loaderThreads"), ("img_size", "data.imageSize"),
        ("imgsz", "data.imageSize"), ("epochs", "training.epochs"), ("momentum", "optimizer.momentum"),
        ("ema_decay", "optimizer.ema"), ("optimizer.learning_rate", "learningRate"),
        ("num-workers", "training.loaderThreads"), ("stage.epoch", "epochs"), ("stage.max_epochs", "epochs"),
    ])
    func aNameOfTheFieldSuggestsTheKey(said: String, meant: String) throws {
        let found = try problems([said + "=1"])
        #expect(found.count == 1 && found[0].hasSuffix("did you mean `\(meant)`?"), "\(found)")
    }

    @Test func aKeyOfThatNameIsNoMistake() throws {
        #expect(try problems(["optimizer.momentum=0.5", "optimizer.ema.decay=0.5"]).isEmpty)
    }

    @Test func keysAreFoundByTheirLastWord() {
        #expect(FieldNames.keys(named: "Batch-Size", in: ["a.batchSize", "b.size"]) == ["a.batchSize"])
        #expect(FieldNames.key(of: "no such name") == nil)
    }
}
