import JSON
import Tasks

/// What the data of a run must still be like when it is resumed: a run goes on with moved data, but not with other data.
package struct DataFingerprint {
    package let json: JSONValue
    /// Where the data lies now.
    private let dataPath: String

    /// - Parameter counts: the images of each part.
    package init(
        counts: (training: Int, validation: Int?, test: Int?), _ metadata: WeightsMetadata, dataPath: String
    ) throws {
        let entries = try metadata.encoded().sorted { $0.key < $1.key }.map {
            JSONValue.Member($0.key, .string($0.value))
        }
        json = [
            "training": .integer(counts.training), "validation": .integer(counts.validation ?? 0),
            "test": .integer(counts.test ?? 0), "weights": .object(entries),
        ]
        self.dataPath = dataPath
    }

    /// - Throws: `RecipeError` where a saved one is another.
    package func check(_ saved: JSONValue?, path: String) throws {
        guard let saved, saved != json else { return }
        for part in ["training", "validation", "test"] {
            if let before = saved[part]?.integerValue, let count = json[part]?.integerValue, before != count {
                throw RecipeError(
                    "\(dataPath) has \(count) \(part) images, but the run in \(path) was started with \(before); "
                        + "give the same data, or start anew with --overwrite")
            }
        }
        throw RecipeError(
            "\(dataPath) has other images or classes than the run in \(path) was started with; give the same data, or start "
                + "anew with --overwrite")
    }
}
