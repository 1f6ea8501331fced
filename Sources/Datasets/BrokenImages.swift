import Synchronization
import Tensors

/// Images that are there but cannot be read: cut short, damaged, or no images at all.
public enum BrokenImages {
    /// What is done about them.
    public enum Policy: String, CaseIterable, Sendable {
        /// The first one is an error that names all.
        case fail
        /// They are left out, each with a notice.
        case skip

        /// A part without broken images.
        func applied(to part: any ImageDataset, _ notices: inout [String]) throws -> any ImageDataset {
            switch self {
            case .skip: return try leftOut(of: part, &notices)
            case .fail:
                let broken = find(in: part)
                guard let first = broken.first else { return part }
                if broken.count == 1 {
                    throw DatasetError(first.error.path, "\(first.error.problem); data.onBroken: skip leaves it out")
                }
                let others = broken.dropFirst().prefix(mostNamed).map { part.name($0.index) }
                let more = broken.count - 1 - others.count
                throw DatasetError(
                    first.error.path,
                    "\(first.error.problem), and \(broken.count - 1) other images cannot be read "
                        + "(\(others.joined(separator: ", "))\(more > 0 ? " and \(more) more" : "")); data.onBroken: skip "
                        + "leaves them out")
            }
        }
    }

    /// How many are named before the rest is counted.
    static let mostNamed = 50

    /// Reads every image once, on all threads of the kernels; those in memory cannot be broken any more.
    public static func find(in part: any ImageDataset) -> [(index: Int, error: DatasetError)] {
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

    static func leftOut(of part: any ImageDataset, _ notices: inout [String]) throws -> any ImageDataset {
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
