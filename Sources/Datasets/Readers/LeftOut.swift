/// Files that are no images and so take no part: counted by their endings, some of them named.
struct LeftOut: Sendable {
    private var endings: [String: (count: Int, names: [String])] = [:]
    /// How many are named.
    private static let mostNamed = 5

    mutating func add(_ path: String) {
        let ending = FileName.ending(path)
        var entry = endings[ending] ?? (0, [])
        entry.count += 1
        if entry.names.count < Self.mostNamed { entry.names.append(path) }
        endings[ending] = entry
    }

    mutating func add(_ other: LeftOut) {
        for (ending, entry) in other.endings {
            let own = endings[ending] ?? (0, [])
            endings[ending] = (own.count + entry.count, Array((own.names + entry.names).prefix(Self.mostNamed)))
        }
    }

    /// One sentence, `nil` where nothing was left out.
    var notice: String? {
        let sorted = endings.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        guard !sorted.isEmpty else { return nil }
        let counts = sorted.map { ending, entry in
            ending.isEmpty ? "\(entry.count) without an ending" : "\(entry.count) .\(FileName.shown(ending))"
        }
        // One of each ending first, so that none hides behind many of another.
        var names = sorted.compactMap(\.value.names.first)
        names += sorted.flatMap { $0.value.names.dropFirst() }
        let total = sorted.reduce(0) { $0 + $1.value.count }
        let shown = names.prefix(Self.mostNamed).map { FileName.shown($0) }
        let more = total > shown.count ? ", ..." : ""
        return "left out, no images: \(counts.joined(separator: ", ")) (\(shown.joined(separator: ", "))\(more))"
    }
}
