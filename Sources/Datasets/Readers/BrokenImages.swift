import Synchronization
import Tensors

/// Images that are there but cannot be read: cut short, damaged, of another format, or no images at all.
public enum BrokenImages {
    /// What is done about them.
    public enum Policy: String, CaseIterable, Sendable {
        /// The first one is an error that names all.
        case fail
        /// They are left out, each with a notice.
        case skip
    }

    /// How many are named before the rest is counted.
    static let mostNamed = 50

    /// Reads every image once, on all threads of the kernels; those in memory cannot be broken any more.
    package static func find(in part: any ImageDataset) -> [(index: Int, error: DatasetError)] {
        guard !part.isInMemory else { return [] }
        let found = Mutex<[(index: Int, error: DatasetError)]>([])
        parallelFor(part.count, grain: 8) { range in
            for index in range {
                do { _ = try part.image(index) } catch {
                    let reason = error as? DatasetError ?? DatasetError(part.name(index), "\(error)")
                    found.withLock { $0.append((index, reason)) }
                }
            }
        }
        return found.withLock { $0.sorted { $0.index < $1.index } }
    }

    /// One error for all of them, `nil` where there is none.
    static func error(_ broken: [DatasetError]) -> DatasetError? {
        guard let first = broken.first else { return nil }
        if broken.count == 1 {
            return DatasetError(first.path, "\(first.problem); data.onBroken: skip leaves it out")
        }
        let others = broken.dropFirst().prefix(mostNamed).map { FileName.shown($0.path) }
        let more = broken.count - 1 - others.count
        // The first problem may be another than that of the rest.
        let isForeign = broken.contains { $0.problem.contains("convert") } && !first.problem.contains("convert")
        return DatasetError(
            first.path,
            "\(first.problem), and \(counted(broken.count - 1, "other image")) cannot be read "
                + "(\(others.joined(separator: ", "))\(more > 0 ? " and \(more) more" : "")); data.onBroken: skip leaves "
                + "them out" + (isForeign ? ", and pictures of other formats can be converted to PNG or JPEG" : ""))
    }

    static func leftOut<Annotation: Datasets.Annotation>(
        of part: any AnnotatedDataset<Annotation>, _ notices: inout [String]
    ) throws -> any AnnotatedDataset<Annotation> {
        let broken = find(in: part)
        guard let first = broken.first else { return part }
        for entry in broken.prefix(mostNamed) { notices.append("left out: \(entry.error)") }
        if broken.count > mostNamed { notices.append("left out: \(broken.count - mostNamed) more images.") }
        let bad = Set(broken.map(\.index))
        guard bad.count < part.count else {
            throw DatasetError(first.error.path, "\(first.error.problem), and so it is with all \(part.count) images")
        }
        return SubsetDataset(part, indices: (0..<part.count).filter { !bad.contains($0) })
    }
}

extension DatasetSplits {
    /// All parts in the order in which they are named.
    var parts: [any ImageDataset] { [train] + [validation, test].compactMap { $0 } }

    /// Deals with images that cannot be read. The training images are not read before they are needed, which may take
    /// long, unless broken ones are to be left out; once one is broken, wherever that shows, all parts are searched.
    mutating func apply(_ policy: BrokenImages.Policy, toValidation isOwn: Bool) throws {
        switch policy {
        case .skip:
            // The training images went before the validation images were drawn.
            if isOwn { validation = try validation.map { try BrokenImages.leftOut(of: $0, &notices) } }
            test = try test.map { try BrokenImages.leftOut(of: $0, &notices) }
        case .fail:
            let found = [validation, test].compactMap { $0 }.flatMap { BrokenImages.find(in: $0) }.map(\.error)
            if !found.isEmpty {
                let all = BrokenImages.find(in: train).map(\.error) + found
                if let error = BrokenImages.error(all) { throw error }
            }
            let search = BrokenImageSearch(parts)
            func watched(_ part: any AnnotatedDataset<Annotation>) -> any AnnotatedDataset<Annotation> {
                part.isInMemory ? part : WatchedDataset(part, search)
            }
            train = watched(train)
            validation = validation.map(watched)
            test = test.map(watched)
        }
    }
}

/// Searches all parts of a data set, once, when one of its images turns out to be broken.
private final class BrokenImageSearch: Sendable {
    private let parts: [any ImageDataset]
    private let found = Mutex<DatasetError?>(nil)

    init(_ parts: [any ImageDataset]) { self.parts = parts }

    func explained(_ error: DatasetError) -> DatasetError {
        found.withLock { known in
            if known == nil {
                known = BrokenImages.error(parts.flatMap { BrokenImages.find(in: $0) }.map(\.error))
            }
            // A file that is well again when it is looked at a second time is still one that could not be read.
            return known ?? error
        }
    }
}

/// A part of a data set whose broken images are an error that names those of all parts.
struct WatchedDataset<Annotation: Datasets.Annotation>: AnnotatedDataset {
    let base: any AnnotatedDataset<Annotation>
    private let search: BrokenImageSearch

    fileprivate init(_ base: any AnnotatedDataset<Annotation>, _ search: BrokenImageSearch) {
        (self.base, self.search) = (base, search)
    }

    var classNames: [String] { base.classNames }
    var count: Int { base.count }
    var isInMemory: Bool { base.isInMemory }
    func annotation(_ index: Int) throws -> Annotation { try base.annotation(index) }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func name(_ index: Int) -> String { base.name(index) }
    func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    func explained(_ error: DatasetError) -> DatasetError { search.explained(error) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }
}
