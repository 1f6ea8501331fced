import Synchronization
import Tensors

/// What came of reading a mask file for the first time.
enum MaskReading: Sendable {
    case read(MaskContent)
    /// It cannot be decoded.
    case broken(DatasetError)
    /// Values that mean nothing, and how many pixels have each.
    case unknown([UInt32: Int])
    case sizes(mask: Pair, image: Pair)

    /// Reads every mask, and the size of its image, on all threads.
    static func all(_ pairs: [MaskPairs.Pair], _ legend: MaskLegend, _ cache: MaskCache) -> [MaskReading] {
        let found = Mutex([MaskReading?](repeating: nil, count: pairs.count))
        parallelFor(pairs.count, grain: 4) { range in
            for index in range {
                let result = one(pairs[index], legend) { cache.put($0, index) }
                found.withLock { $0[index] = result }
            }
        }
        return found.withLock { $0.compactMap { $0 } }
    }

    private static func one(_ pair: MaskPairs.Pair, _ legend: MaskLegend, _ keep: (Mask) -> Void) -> MaskReading {
        let stored: LabelImage
        do { stored = try LabelImage(contentsOf: pair.mask, inColor: legend.inColor) } catch {
            return .broken(error as? DatasetError ?? DatasetError(pair.mask, "\(error)"))
        }
        // An image that cannot be read is named when images are looked at.
        if let shape = try? ImageShape(contentsOf: pair.image) {
            let size = Pair(shape.height, shape.width)
            if size != stored.size { return .sizes(mask: stored.size, image: size) }
        }
        let content = MaskContent(size: stored.size, counts: counts(stored.values))
        let unknown = content.counts.filter { legend.label($0.key) == nil }
        guard unknown.isEmpty, let labels = legend.labels(stored.values) else { return .unknown(unknown) }
        keep(Mask(size: stored.size, labels: labels, ignored: MaskLegend.ignored))
        return .read(content)
    }

    /// How often each value occurs.
    static func counts(_ values: [UInt32]) -> [UInt32: Int] {
        var counts: [UInt32: Int] = [:]
        var start = 0
        // Run by run: neighbors are mostly alike.
        for index in values.indices.dropFirst() where values[index] != values[index - 1] {
            counts[values[start], default: 0] += index - start
            start = index
        }
        if !values.isEmpty { counts[values[start], default: 0] += values.count - start }
        return counts
    }

    /// Throws where something is wrong, with the first file of those with the same fault.
    static func check(
        _ found: [MaskReading], _ pairs: [MaskPairs.Pair], _ legend: MaskLegend, skipsBroken: Bool
    ) throws {
        func others(_ isAlike: (MaskReading) -> Bool) -> String {
            let count = found.count(where: isAlike) - 1
            return count > 0 ? ", and so with \(counted(count, "other mask"))" : ""
        }
        for (pair, reading) in zip(pairs, found) {
            switch reading {
            case .read: continue
            case .broken(let error):
                if skipsBroken { continue }
                let rest = others { if case .broken = $0 { true } else { false } }
                throw DatasetError(error.path, error.problem + rest)
            case .unknown(let values):
                let rest = others { if case .unknown = $0 { true } else { false } }
                throw DatasetError(pair.mask, unknownProblem(values, legend) + rest)
            case .sizes(let mask, let image):
                let rest = others { if case .sizes = $0 { true } else { false } }
                throw DatasetError(
                    pair.mask,
                    "the mask has \(mask.height) x \(mask.width) pixels (height x width), but its image "
                        + "\(FileName.shown(pair.image)) has \(image.height) x \(image.width), expected the same size"
                        + (mask == Pair(image.width, image.height) ? turned : "") + rest)
            }
        }
    }

    private static let turned = """
        ; turned by a quarter they agree, so the image may carry an orientation (EXIF) that the mask was drawn without: \
        store the image upright
        """

    private static func unknownProblem(_ values: [UInt32: Int], _ legend: MaskLegend) -> String {
        let sorted = values.sorted { $0.key < $1.key }
        guard let first = sorted.first else { return "a value is unknown" }
        let what = legend.inColor ? "color" : "value"
        var text =
            "the \(what) \(legend.shown(first.key)) (\(counted(first.value, "pixel"))) stands for no class, expected "
            + legend.knownValues
        if sorted.count > 1 { text += "; it has \(counted(sorted.count - 1, "other unknown \(what)"))" }
        if sorted.count > 20 {
            return text + ", as masks have that were resized with blending, stored with loss or are pictures"
        }
        if !legend.inColor, sorted.allSatisfy({ $0.key == 255 }), legend.values == [0, 1] {
            return text + "; for masks of 0 and 255 data.labelValues is [0, 255]"
        }
        return text
            + (legend.inColor
                ? "; data.colors gives the color of each class"
                : "; data.ignore lists values that count for nothing, and data.labelValues gives the value of each class")
    }
}
