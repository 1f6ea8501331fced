import JSON
import RunLayout

/// What a run was measured on, as `report/run.json` tells it.
public struct MeasuredData: Sendable, Equatable {
    /// How many images the validation part has.
    public let validation: Int
    /// How many images the test part has; 0 where there is none.
    public let test: Int
    /// The classes in the order of their numbers.
    public let classNames: [String]

    init?(_ run: JSONValue?) {
        guard let run, let data = run["data"] else { return nil }
        validation = data["validation"]?.integerValue ?? 0
        test = data["test"]?.integerValue ?? 0
        classNames = (run["classNames"]?.arrayValue ?? []).compactMap(\.stringValue)
    }

    /// Nil where the run left no description of itself.
    public init?(folder: String) {
        guard let bytes = RegularFile.read(folder + "/" + RunFiles.description).bytes,
            let run = try? JSONValue(parsing: bytes)
        else { return nil }
        self.init(run)
    }

    /// In what these differ, in a few words each.
    static func differences(_ all: [MeasuredData]) -> [String] {
        func list(_ counts: [Int]) -> String? {
            var unique: [Int] = []
            for count in counts where !unique.contains(count) { unique.append(count) }
            guard unique.count > 1 else { return nil }
            let texts = unique.prefix(4).map { NumberText.grouped($0) } + (unique.count > 4 ? ["more"] : [])
            return texts.dropLast().joined(separator: ", ") + " and " + (texts.last ?? "")
        }
        var found: [String] = []
        if let counts = list(all.map(\.validation)) { found.append("\(counts) validation images") }
        if let counts = list(all.map(\.test)) { found.append("\(counts) test images") }
        let names = all.map(\.classNames).filter { !$0.isEmpty }
        if let first = names.first, names.contains(where: { $0 != first }) { found.append("different classes") }
        return found
    }
}
