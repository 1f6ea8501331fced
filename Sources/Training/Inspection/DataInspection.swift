import Datasets
import Reporting
import Synchronization
import Tensors

/// What a recipe's data holds, every image decoded once.
public struct DataInspection: Sendable {
    public struct Broken: Sendable, Equatable {
        /// The file.
        public let name: String
        /// One sentence that names the file and says what is wrong with it.
        public let problem: String
    }

    /// The training, validation or test images.
    public struct Part: Sendable {
        public let name: String
        public let count: Int
        /// How many were decoded; fewer than `count` when there was a limit.
        public internal(set) var decoded = 0
        /// How many images each class has.
        public let classCounts: [Int]
        /// The sizes that occur, with how many images have them, the most frequent first.
        public internal(set) var sizes: [(width: Int, height: Int, count: Int)] = []
        /// How many of the decoded images are in colour.
        public internal(set) var colourCount = 0
        public internal(set) var broken: [Broken] = []
        /// Positions of the images that can be read, and what their contents are known by.
        var sound: [Int] = []
        var fingerprints: [ContentHash] = []
        /// Of each channel, pixels in 0..1; one channel when no image is in colour, empty when none could be read.
        public internal(set) var mean: [Double] = []
        public internal(set) var deviation: [Double] = []
    }

    public let format: String
    public let classNames: [String]
    public let parts: [Part]
    public let notices: [String]
    /// Images that are there more than once.
    public let duplicates: Duplicates
    private let splits: DatasetSplits

    public var brokenCount: Int { parts.reduce(0) { $0 + $1.broken.count } }
    public var decodedCount: Int { parts.reduce(0) { $0 + $1.decoded + $1.broken.count } }

    /// - Parameters:
    ///   - limit: how many images of each part are decoded, spread evenly; all by default.
    ///   - console: where the progress is shown, if anywhere.
    /// - Throws: when the data cannot be opened at all; images that cannot be read are counted instead.
    public init(_ recipe: Recipe, limit: Int? = nil, console: Console? = nil) throws {
        ThreadPool.use(recipe.training)
        let data = recipe.data
        splits = try data.open(seed: recipe.run.seed, onBroken: nil)
        format = splits.format
        notices = splits.notices + [splits.oneClassProblem(data.path).map { $0 + "." }].compactMap { $0 }
        classNames = try data.names(of: splits.classNames)
        let found: [(String, (any ImageDataset)?)] = [
            ("training", splits.train), ("validation", splits.validation), ("test", splits.test),
        ]
        let sets = found.compactMap { name, dataset in dataset.map { (name, $0) } }
        let progress = console.map {
            WorkProgress($0, "image", of: sets.reduce(0) { $0 + min(limit ?? $1.1.count, $1.1.count) })
        }
        parts = sets.map { Self.part($0, $1, limit, progress) }
        progress?.finish()
        try StopRequest.check("nothing was written; --limit N reads so many images of each part only")
        duplicates = Duplicates(zip(parts, sets).map { ($0, $1.1) })
    }

    /// What bringing the images of each part to the model's input cuts off, and the notices about it.
    public struct Fitting: Sendable {
        public let width: Int
        public let height: Int
        /// Of each part; nil where no image could be read.
        package let costs: [CroppingCost?]
        public let notices: [String]
    }

    /// - Throws: as `prepared` does.
    public func fitting(_ recipe: Recipe) throws -> Fitting {
        let data = try prepared(recipe)
        let costs = parts.map { part in
            var counts: [ImageShape: Int] = [:]
            for size in part.sizes {
                counts[ImageShape(width: size.width, height: size.height, channels: 1)] = size.count
            }
            return CroppingCost(
                ImageShapes(counts), fit: recipe.data.fit, width: data.plan.width, height: data.plan.height)
        }
        return Fitting(width: data.plan.width, height: data.plan.height, costs: costs, notices: data.imageNotices)
    }

    /// The data prepared as a run would, but for training images that cannot be read.
    /// - Throws: when none can be read, or when the recipe does not fit the data.
    func prepared(_ recipe: Recipe) throws -> PreparedData {
        guard let train = parts.first, !train.sound.isEmpty else {
            throw RecipeError("\(recipe.data.path): none of the training images can be read")
        }
        var splits = splits
        if train.sound.count < splits.train.count {
            splits.train = SubsetDataset(splits.train, indices: train.sound)
        }
        return try PreparedData(recipe, splits: splits)
    }

    private static let grain = 32

    private static func part(
        _ name: String, _ dataset: any ImageDataset, _ limit: Int?, _ progress: WorkProgress?
    ) -> Part {
        let looked = min(limit ?? dataset.count, dataset.count)
        let tally = Mutex(Tally())
        ThreadPool.shared.run(chunks: (looked + grain - 1) / grain) { chunk in
            guard StopRequest.pending == nil else { return }
            var own = Tally()
            for i in chunk * grain..<min(looked, (chunk + 1) * grain) {
                let index = looked == dataset.count ? i : i * dataset.count / looked
                do { own.add(try dataset.image(index), index, try dataset.fingerprint(index)) } catch {
                    own.broken.append((index, Broken(name: dataset.name(index), problem: "\(error)")))
                }
            }
            tally.withLock { $0.add(own) }
            progress?.add(min(looked, (chunk + 1) * grain) - chunk * grain)
        }
        return tally.withLock { $0 }.part(Part(name: name, count: dataset.count, classCounts: dataset.classCounts))
    }
}

/// Sums over some images. They are whole numbers, so that their order does not matter.
private struct Tally {
    struct Size: Hashable {
        var width: Int
        var height: Int
    }

    /// Of one channel; `count` pixels.
    struct Sums {
        var count = 0
        var sum = 0
        var square = 0

        mutating func add(_ other: Sums) {
            (count, sum, square) = (count + other.count, sum + other.sum, square + other.square)
        }
    }

    var sizes: [Size: Int] = [:]
    var sound: [(index: Int, content: ContentHash)] = []
    var broken: [(index: Int, file: DataInspection.Broken)] = []
    var grey = Sums()
    var colour = [Sums(), Sums(), Sums()]
    var colourCount = 0

    mutating func add(_ image: Image, _ index: Int, _ content: ContentHash) {
        sizes[Size(width: image.width, height: image.height), default: 0] += 1
        sound.append((index, content))
        if image.channels == 3 { colourCount += 1 }
        image.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<image.channels {
                var sums = Sums(count: image.width * image.height)
                for position in stride(from: channel, to: pixels.count, by: image.channels) {
                    let value = Int(pixels[position])
                    sums.sum += value
                    sums.square += value * value
                }
                if image.channels == 3 { colour[channel].add(sums) } else { grey.add(sums) }
            }
        }
    }

    mutating func add(_ other: Tally) {
        sizes.merge(other.sizes, uniquingKeysWith: +)
        sound += other.sound
        broken += other.broken
        colourCount += other.colourCount
        grey.add(other.grey)
        for channel in 0..<3 { colour[channel].add(other.colour[channel]) }
    }

    func part(_ empty: DataInspection.Part) -> DataInspection.Part {
        var part = empty
        part.decoded = sound.count
        let sorted = sound.sorted { $0.index < $1.index }
        part.sound = sorted.map(\.index)
        part.fingerprints = sorted.map(\.content)
        part.colourCount = colourCount
        part.broken = broken.sorted { $0.index < $1.index }.map(\.file)
        part.sizes = sizes.map { ($0.key.width, $0.key.height, $0.value) }.sorted {
            ($1.2, $0.0, $0.1) < ($0.2, $1.0, $1.1)
        }
        // Beside colour images a grey one counts in each channel.
        let channels = colourCount > 0 ? colour : [Sums()]
        for var sums in channels {
            sums.add(grey)
            guard sums.count > 0 else { continue }
            let mean = Double(sums.sum) / Double(sums.count)
            let variance = Double(sums.square) / Double(sums.count) - mean * mean
            part.mean.append(mean / 255)
            part.deviation.append(max(0, variance).squareRoot() / 255)
        }
        return part
    }
}
