import Synchronization
import Tensors

/// Images that are learnt from: without the objects from which nothing can be learnt.
///
/// Left out are objects that are to be ignored, boxes without an area or less than a pixel wide or high, and such as lie
/// beside their image. Crowds stay, by their boxes alone.
struct TrainedObjects: AnnotatedDataset, CategorizedDataset {
    private let base: any AnnotatedDataset<LocatedInstances>
    private let indices: [Int]
    private let options: DetectionDataOptions.Training

    /// What is left out, counted.
    struct Tally {
        var empty = 0
        var small = 0
        var ignored = 0
        var degenerate = 0
        var tiny = 0
        var beside = 0
    }

    /// Looks at the objects of all images.
    init(
        _ base: any AnnotatedDataset<LocatedInstances>, _ options: DetectionDataOptions.Training, path: String,
        _ notices: inout [String]
    ) throws {
        (self.base, self.options) = (base, options)
        let state = Mutex((counts: [Int](repeating: 0, count: base.count), tally: Tally(), failure: (any Error)?.none))
        parallelFor(base.count, grain: 64) { range in
            var (tally, counts) = (Tally(), [Int]())
            do {
                for index in range {
                    let objects = try base.light(index).original
                    if min(objects.size.height, objects.size.width) < options.smallestSide {
                        tally.small += 1
                        counts.append(-1)
                        continue
                    }
                    let kept = objects.items.count { Self.keeps($0, objects.size, &tally) && !$0.isCrowd }
                    if kept == 0 { tally.empty += 1 }
                    counts.append(kept)
                }
                state.withLock { state in
                    for (index, count) in zip(range, counts) { state.counts[index] = count }
                    state.tally.add(tally)
                }
            } catch { state.withLock { $0.failure = $0.failure ?? error } }
        }
        let (counts, tally, failure) = state.withLock { ($0.counts, $0.tally, $0.failure) }
        if let failure { throw failure }
        indices = counts.indices.filter { counts[$0] > 0 || (counts[$0] == 0 && options.keepsEmpty) }
        guard counts.contains(where: { $0 > 0 }) else {
            throw DatasetError(path, "there is no object to learn from in the \(counted(base.count, "training image"))")
        }
        notices += tally.notices(options, path)
    }

    /// Objects of which nothing is left out, as the program makes them.
    init(whole base: any AnnotatedDataset<LocatedInstances>, _ options: DetectionDataOptions.Training) {
        (self.base, self.options, indices) = (base, options, Array(0..<base.count))
    }

    private static func keeps(_ item: Instance, _ size: Pair, _ tally: inout Tally) -> Bool {
        let box = item.box
        if item.isIgnored {
            tally.ignored += 1
        } else if !(box.width > 0 && box.height > 0) {
            tally.degenerate += 1
        } else if box.width < 1 || box.height < 1 {
            tally.tiny += 1
        } else if box.right <= 0 || box.bottom <= 0 || box.left >= Double(size.width) || box.top >= Double(size.height)
        {
            tally.beside += 1
        } else {
            return true
        }
        return false
    }

    private func filtered(_ annotation: LocatedInstances) -> LocatedInstances {
        var (objects, unused) = (annotation.original, Tally())
        objects.items = objects.items.filter { Self.keeps($0, objects.size, &unused) }.map {
            $0.isCrowd ? $0.boxOnly : $0
        }
        objects.leastVisible = options.leastVisible
        (objects.needsCenters, objects.tightensBoxes) = (options.needsCenters, options.tightensBoxes)
        return LocatedInstances(identifier: annotation.identifier, original: objects)
    }

    var classNames: [String] { base.classNames }
    var categories: DetectionCategories { DetectionCategories(of: base) }
    var count: Int { indices.count }
    var isInMemory: Bool { base.isInMemory }
    func annotation(_ index: Int) throws -> LocatedInstances { filtered(try base.annotation(indices[index])) }
    func light(at index: Int) throws -> LocatedInstances { filtered(try base.light(indices[index])) }
    func image(_ index: Int) throws -> Image { try base.image(indices[index]) }
    func name(_ index: Int) -> String { base.name(indices[index]) }
    func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(indices[index]) }
    func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(indices[index]) }
}

extension TrainedObjects.Tally {
    fileprivate mutating func add(_ other: Self) {
        empty += other.empty
        small += other.small
        ignored += other.ignored
        degenerate += other.degenerate
        tiny += other.tiny
        beside += other.beside
    }

    fileprivate func notices(_ options: DetectionDataOptions.Training, _ path: String) -> [String] {
        var parts: [String] = []
        func add(_ count: Int, _ text: String) { if count > 0 { parts.append("\(count) \(text)") } }
        add(degenerate, "without a width or height")
        add(tiny, "less than a pixel wide or high")
        add(beside, "beside their image")
        add(ignored, "difficult or to be ignored")
        var notices: [String] = []
        if !parts.isEmpty {
            notices.append("\(path): of the training objects, left out are those \(parts.joined(separator: ", "))")
        }
        if small > 0 {
            notices.append(
                "\(path): \(counted(small, "training image")) left out with a side below \(options.smallestSide) pixels"
            )
        }
        if empty > 0 {
            notices.append(
                options.keepsEmpty
                    ? "\(path): \(counted(empty, "training image")) without an object, kept (data.keepEmpty: false leaves them out)"
                    : "\(path): \(counted(empty, "training image")) without an object left out (data.keepEmpty: false)")
        }
        return notices
    }
}
