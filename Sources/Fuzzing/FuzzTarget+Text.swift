import Checkpoints
import Datasets
import Foundation
import JSON
import Layers
import Reporting
import Tasks
import Tensors
import Training

// Configurations, logs and what reports are made of.
extension FuzzTarget {
    /// A configuration, the model it describes and, where that is small, some batches of its data.
    static func configuration(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/fuzzed.yaml"
        let seeds = [
            """
            run: {seed: 3}
            data:
              path: digits
              imageSize: [8, 8]   # height, width
              mean: [0.5]
              deviation: [0.25]
            model: &m
              name: hornet
              baseWidth: 8
              depths: [1, 1]
              orders: [1, 2]
              mixers: [7x7, gf]
            optimizer: {learningRate: 4e-3, ema: {decay: 0.9}}
            training: {epochs: 2, batchSize: 64}
            """,
            "data: {path: \"digits\", validation: '0.1'}\nmodel: {name: hornet_pico_7x7}\nschedule:\n  - x\n  - {y: *z}\n",
        ]
        let mutator = Mutator(
            seeds: seeds.map { Array($0.utf8) }, structures: [try ConfigurationChange().change])
        return FuzzTarget(name: "yaml", mutator: mutator) {
            try write($0, path)
            let recipe = try Recipe.load(path)
            let outline = recipe.outline
            let model = try outline.specification.makeModel(height: outline.height, width: outline.width)
            let trace = try model.trace(height: outline.height, width: outline.width)
            guard recipe.data.path == "digits", outline.height * outline.width <= 32 * 32 else { return }
            try drawBatches(recipe)
            guard trace.parameters < 100_000, recipe.model.weights == nil else { return }
            _ = try recipe.makeRun(console: .silent)
        }
    }

    private static func drawBatches(_ recipe: Recipe) throws { try drawBatches(recipe, recipe.task) }

    private static func drawBatches<C: TaskConfiguration>(_ recipe: Recipe, _ configuration: C) throws {
        let data = try PreparedData(recipe, configuration)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        let part = SubsetDataset(data.splits.train, indices: Array(0..<min(8, data.splits.train.count)))
        let options = LoaderOptions(
            batchSize: 2, seed: UInt64(recipe.run.seed), shuffles: true, threads: 0, cacheBudget: 0)
        let loader = BatchLoader(
            part, transform: try Transform(data.plan, mode: .training), collator: task.collator(training: true),
            options: options)
        // Rare draws are the dangerous ones.
        for epoch in 0..<(task.mixesImages ? 50 : 2) {
            loader.start(epoch: epoch)
            while let batch = try loader.next() {
                guard batch.images.pixels.allSatisfy(\.isFinite) else { fatalError("an image is not finite") }
            }
        }
        _ = try Transform(data.plan, mode: .evaluation)(try part.image(0))
    }

    private static let documents = [
        "{\"epoch\":1,\"update\":20,\"trainLoss\":2.25,\"validationAccuracy\":0.5,\"seconds\":0.25,\"imagesPerSecond\":100.5}",
        "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\ud83d\\ude00\\n\"],\"b\":{\"c\":{}},\"d\":[]}",
    ]

    static var json: FuzzTarget {
        FuzzTarget(name: "json", mutator: Mutator(seeds: documents.map { Array($0.utf8) }, structures: [.json])) {
            _ = try JSONValue(parsing: $0).text(pretty: true)
        }
    }

    /// A run's log, and the report that is made of it.
    static func metrics(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/run"
        try makeFolder(path)
        let line = documents[0] + "\n"
        let seeds = [Array((line + line.replacing("\"epoch\":1", with: "\"epoch\":2")).utf8)]
        return FuzzTarget(name: "metrics", mutator: Mutator(seeds: seeds, limit: 4096, structures: [.lines])) {
            try write($0, path + "/metrics.jsonl")
            _ = RunPage.html(try RunRecord(folder: path))
        }
    }

    private static let reportFiles = [
        "metrics.jsonl", "summary.json", "stages.json", "order.json", "comparison.json", "report/run.json",
        "report/result.json", "report/samples.json", "report/histograms.jsonl",
    ]

    /// All files that a report is made of, as one document with a member for each; pages and event file are made of them.
    static func report(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/reported"
        let text = """
            data: {path: digits, imageSize: [8, 8], augmentation: none, flip: 0}
            model: {name: hornet, baseWidth: 4, depths: [1], orders: [1], mixers: [7x7], stemStride: 2}
            training: {epochs: 1, batchSize: 512, threads: 1, loaderThreads: 0}
            """
        try write(Array(text.utf8), folder + "/reported.yaml")
        let recipe = try Recipe.load(folder + "/reported.yaml")
        let run = try recipe.makeRun(console: .silent)
        _ = try run.run(in: try RunDirectory(path, mode: .new), resuming: false)
        var seed = JSONValue.object([])
        for name in reportFiles {
            guard let bytes = try? read(path + "/" + name) else { continue }
            seed[name] =
                name.hasSuffix(".jsonl")
                ? .array(try bytes.split(separator: 10).map { try JSONValue(parsing: Array($0)) })
                : try JSONValue(parsing: bytes)
        }
        for member in try JSONValue(parsing: distillation).objectValue ?? [] { seed[member.name] = member.value }
        // A seed for each file with little else, so that changes come to all of them.
        let seeds = reportFiles.map { name -> [UInt8] in
            var part: JSONValue = [
                "metrics.jsonl": seed["metrics.jsonl"] ?? [], "report/run.json": seed["report/run.json"] ?? [:],
            ]
            if name == "report/run.json" { part["report/run.json"] = nil }
            part[name] = seed[name]
            return Array(part.text().utf8)
        }
        return FuzzTarget(name: "report", mutator: Mutator(seeds: seeds, limit: 1 << 20, structures: [.json])) {
            input in
            guard let members = try JSONValue(parsing: input).objectValue else { throw UnusableInput() }
            for name in reportFiles {
                try? FileManager.default.removeItem(atPath: path + "/" + name)
                guard let value = members.first(where: { $0.name == name })?.value else { continue }
                let lines = name.hasSuffix(".jsonl") ? value.arrayValue ?? [value] : [value]
                try write(Array(lines.map { $0.text() + "\n" }.joined().utf8), path + "/" + name)
            }
            let record = try RunRecord(folder: path)
            _ = RunPage.html(record)
            _ = ComparisonPage.html([record, record])
            _ = RunComparison([record, record]).json.text()
            _ = TensorBoardExport.file(record)
        }
    }

    /// What a distillation leaves beside the files of a run.
    private static let distillation = """
        {"stages.json": [{"stage": 1, "teacher": "a", "teachers": ["a"], "epochs": 2, "testAccuracyBefore": 0.1,
          "testAccuracyAfter": 0.5, "seconds": 1.5, "teacherSeconds": 0.5, "teacherMegabytes": 0.25, "updates": 20,
          "images": 1000, "trainingSeconds": 1.25}],
         "order.json": {"order": ["a"], "costs": [{"source": "student", "target": "a", "value": 1.5, "errorBar": 0.1,
          "levels": [{"source": "stage0", "target": "stage0", "error": 1.0, "variance": 2.0, "normalized": 0.5}]}],
          "decisions": [{"kind": "last", "teacher": "a", "before": null, "ties": [], "text": "a is last"}],
          "scores": {"a": 0.9, "student": 0.5}, "teachers": {"a": "00"}},
         "comparison.json": {"order": ["a"], "arms": [{"arm": "none", "testAccuracy": {"mean": 0.5, "deviation": 0.01},
          "bestTestAccuracy": {"mean": 0.5, "deviation": 0.01}, "trainLoss": {"mean": 1.5, "deviation": 0.1},
          "gap": {"mean": 0.1, "deviation": 0.01}}], "runs": [{"arm": "none", "seed": 0, "testAccuracy": 0.5,
          "bestTestAccuracy": 0.5, "bestEpoch": 1, "epochs": 2, "trainLoss": 1.5, "gap": 0.1, "seconds": 2.5}]}}
        """
}
