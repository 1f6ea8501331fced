import Synchronization
import Tensors

/// Images with a mask file each, of which every pixel is of a class or ignored.
///
/// Every mask was read once when the folder was opened, so all of them are of known values and of their images' sizes.
public struct MaskFolder: AnnotatedDataset {
    /// The names of the classes, which labels count in.
    public var classNames: [String] { legend.classNames }
    let legend: MaskLegend
    /// What the masks hold.
    let contents: [MaskContent]
    private let pairs: [MaskPairs.Pair]
    private let cache: MaskCache

    /// Reads the masks of all pairs on all threads.
    /// - Parameters:
    ///   - skipsBroken: whether a mask that cannot be decoded is left out with a notice rather than an error.
    ///   - budget: how many decoded masks may be kept.
    init(
        _ pairs: [MaskPairs.Pair], _ legend: MaskLegend, skipsBroken: Bool, _ budget: MaskBudget,
        _ notices: inout [String]
    ) throws {
        let cache = MaskCache(count: pairs.count, budget)
        let found = MaskReading.all(pairs, legend, cache)
        let broken = found.indices.filter { if case .broken = found[$0] { true } else { false } }
        try MaskReading.check(found, pairs, legend, skipsBroken: skipsBroken)
        if skipsBroken, let first = broken.first {
            guard broken.count < pairs.count, case .broken(let problem) = found[first] else {
                throw DatasetError(pairs[first].mask, "this mask cannot be read, nor any other of \(pairs.count)")
            }
            notices += broken.prefix(BrokenImages.mostNamed).map {
                "left out: \(pairs[$0].image), whose mask cannot be read (\(problem.problem))"
            }
            if broken.count > BrokenImages.mostNamed {
                notices.append("left out: \(broken.count - BrokenImages.mostNamed) more images with such masks")
            }
        }
        let kept = found.indices.filter { if case .read = found[$0] { true } else { false } }
        contents = kept.compactMap { if case .read(let content) = found[$0] { content } else { nil } }
        self.pairs = kept.map { pairs[$0] }
        self.legend = legend
        cache.keep(kept)
        self.cache = cache
    }

    /// How many images there are.
    public var count: Int { pairs.count }
    /// Image `index`, decoded.
    public func image(_ index: Int) throws -> Image { try ImageKind.decode(pairs[index].image) }
    /// The path of image `index`.
    public func name(_ index: Int) -> String { FileName.shown(pairs[index].image) }
    /// The path of the mask of image `index`.
    public func maskName(_ index: Int) -> String { FileName.shown(pairs[index].mask) }
    /// The hash of the bytes of the file of image `index`.
    public func fingerprint(_ index: Int) throws -> ContentHash { ContentHash(of: try readFile(pairs[index].image)) }
    /// What the header of the image's file says.
    public func shape(_ index: Int) throws -> ImageShape { try ImageShape(contentsOf: pairs[index].image) }

    /// The mask of image `index`: its classes, and 255 where nothing counts.
    /// - Throws: `DatasetError` where the file is another one than when the folder was opened.
    public func annotation(_ index: Int) throws -> Mask {
        if let mask = cache.mask(index) { return mask }
        let path = pairs[index].mask
        let stored = try LabelImage(contentsOf: path, inColor: legend.inColor)
        guard stored.size == contents[index].size, let labels = legend.labels(stored.values) else {
            throw DatasetError(path, "this mask was changed while it was in use")
        }
        let mask = Mask(size: stored.size, labels: labels, ignored: MaskLegend.ignored)
        cache.put(mask, index)
        return mask
    }
}

/// What a mask file holds.
struct MaskContent: Sendable {
    let size: Pair
    /// How many pixels are of each value.
    let counts: [UInt32: Int]
}

/// How many bytes of decoded masks may still be kept.
final class MaskBudget: Sendable {
    private let left: Mutex<Int>

    init(megabytes: Int) { left = Mutex(max(0, megabytes) << 20) }

    func take(_ bytes: Int) -> Bool {
        left.withLock { left in
            guard bytes <= left else { return false }
            left -= bytes
            return true
        }
    }
}

/// Masks that were decoded before.
final class MaskCache: Sendable {
    private let masks: Mutex<[Mask?]>
    private let budget: MaskBudget

    init(count: Int, _ budget: MaskBudget) {
        masks = Mutex([Mask?](repeating: nil, count: count))
        self.budget = budget
    }

    func mask(_ index: Int) -> Mask? { masks.withLock { $0[index] } }

    func put(_ mask: Mask, _ index: Int) {
        masks.withLock { masks in
            if masks[index] == nil, budget.take(mask.labels.count + 128) { masks[index] = mask }
        }
    }

    /// Forgets all but those at some places, which move together.
    func keep(_ indices: [Int]) { masks.withLock { masks in masks = indices.map { masks[$0] } } }
}
