import Configuration

/// A small recipe that uses every kind of value; the tests read their configurations with it.
struct Recipe: Equatable {
    enum Optimizer: String, CaseIterable {
        case adamW = "adamw"
        case sgd
    }

    struct Stage: Equatable {
        var epochs: Int
        var teacher: String
    }

    var name: String
    var seed: Int
    var dataPath: String
    var classNames: [String]?
    var optimizer: Optimizer
    var learningRate: Double
    var betas: [Double]
    var decay: Double?
    var epochs: Int
    var shuffle: Bool
    var mean: Double
    var widths: [Int]
    var emaDecay: Double?
    var stages: [Stage]

    init(_ reader: ConfigurationReader) {
        (name, seed) = reader.section("run", "The run as a whole") {
            (
                $0.string("name", default: "a: run", "Name of the run"),
                $0.int("seed", default: 0, in: 0 ... .max, "Seed of all randomness")
            )
        }
        (dataPath, classNames, mean) = reader.section("data", "What to train on") {
            (
                $0.requiredString("path", "Folder of the data"), $0.optionalStrings("classes", "Class names"),
                $0.double("mean", default: 0.5, "Mean of the pixels")
            )
        }
        (optimizer, learningRate, betas, decay) = reader.section("optimizer", "How to step") {
            (
                $0.choice("name", default: Optimizer.adamW, "Kind of optimizer"),
                $0.double("learningRate", default: 1e-5, in: .leastNonzeroMagnitude...10, "Peak learning rate"),
                $0.doubles("betas", default: [0.9, 0.999], in: 0...1.0.nextDown, count: 2...2, "Moment decays"),
                $0.optionalDouble("decay", in: 0 ... .greatestFiniteMagnitude, "Weight decay")
            )
        }
        (epochs, shuffle, widths) = reader.section("training", "How long to train") {
            (
                $0.int("epochs", default: 10, in: 1...10_000, "Passes over the data"),
                $0.bool("shuffle", default: true, "Whether to shuffle"),
                $0.ints("widths", default: [64, 128], in: 1 ... .max, count: 1 ... .max, "Channels by stage")
            )
        }
        emaDecay = reader.optionalSection("ema", "Moving average of the weights") {
            $0.double("decay", default: 0.999, in: 0...1, "Decay of the average")
        }
        stages = reader.list("stages", "Stages of a distillation") {
            Stage(
                epochs: $0.int("epochs", default: 1, in: 1...100, "Epochs of the stage"),
                teacher: $0.requiredString("teacher", "Name of the teacher"))
        }
    }
}

/// Reads a text as a recipe.
func recipe(_ text: String, overrides: [String] = []) throws -> Recipe {
    try ConfigurationDocument.parse(text: text, name: "test.yaml", overrides: overrides).read(Recipe.init)
}

/// The problems of a text, one per line, or "no problem".
func problems(_ text: String, overrides: [String] = []) -> String {
    do {
        _ = try recipe(text, overrides: overrides)
        return "no problem"
    } catch {
        return "\(error)"
    }
}
