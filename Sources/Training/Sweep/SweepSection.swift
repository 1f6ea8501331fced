import Configuration
import JSON

/// The section `sweep` of a configuration: what `trainer sweep` varies and how it searches where its command line says nothing.
/// All else reads the configuration as if the section were not there.
package struct SweepSection: Sendable {
    /// Keys and the values that they take, as `--vary` has them.
    package let variations: [String]
    /// As the options of the command line.
    package let options: SweepOptions

    private static let name = "sweep"
    /// What editors show.
    static let summary = "What `trainer sweep` varies where its command line says nothing"

    /// The section of a file; without variations where there is none.
    /// - Throws: `ConfigurationError` when the section is not as expected.
    package init(_ path: String, overrides: [String]) throws {
        let document = try ConfigurationDocument.load(path: path, overrides: overrides).keeping([Self.name])
        (variations, options) = try document.readResolved { reader in
            reader.section(Self.name, Self.summary) { Self.read($0) }
        }.value
    }

    private static let vary =
        "Keys and the values they take, `key=value,value,...`, with ranges `key=low..high` where runs are drawn at random, and "
        + "` if other=value` behind it where a key counts only beside that value"
    private static let random = "Draw so many runs at random instead of trying every combination"
    private static let seed = "The seed of the draws"
    private static let halving = "Stop runs at rungs and go on with the best"
    private static let rungs = "The epochs after which configurations are compared"
    private static let keep = "One configuration in so many goes on from a rung"
    private static let folds = "Train each configuration once for each of so many parts of the images (data.folds)"
    private static let minutes = "How long a call may train"

    private static func read(_ reader: ConfigurationReader) -> ([String], SweepOptions) {
        var options = SweepOptions()
        let variations = reader.strings("vary", default: [], vary)
        options.random = reader.optionalInt("random", in: 1...SweepPlan.mostArms, random)
        options.seed = reader.optionalInt("seed", in: 0...(1 << 53), seed)
        options.halving = reader.bool("halving", default: false, halving)
        options.rungs = reader.optionalInts("rungs", in: 1...100_000, count: 1...64, rungs)
        options.keep = reader.optionalInt("keep", in: Halving.factors, keep)
        options.folds = reader.optionalInt("folds", in: SweepPlan.foldCounts, folds)
        options.minutes = reader.optionalDouble("minutes", in: 1e-3...SweepOptions.mostMinutes, minutes)
        return (variations, options)
    }

    /// The section for editors.
    static var schema: JSONValue {
        func property(_ type: JSONValue, _ summary: String) -> JSONValue {
            ["type": type, "description": .string(summary)]
        }
        func list(_ type: JSONValue, _ summary: String) -> JSONValue {
            ["type": "array", "items": ["type": type], "description": .string(summary)]
        }
        return [
            "type": "object", "description": .string(summary), "additionalProperties": false,
            "properties": [
                "vary": list("string", vary), "random": property("integer", random), "seed": property("integer", seed),
                "halving": property("boolean", halving), "rungs": list("integer", rungs),
                "keep": property("integer", keep), "folds": property("integer", folds),
                "minutes": property("number", minutes),
            ],
        ]
    }

    static func without(_ document: ConfigurationDocument) -> ConfigurationDocument {
        document.keys.contains(name) ? document.keeping(Set(document.keys).subtracting([name])) : document
    }
}
