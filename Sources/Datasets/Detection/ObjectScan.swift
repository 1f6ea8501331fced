import Synchronization
import Tensors

/// What the objects of a part are like, as its files have them.
public struct ObjectScan: Sendable, Equatable {
    /// The bounds of COCO's sizes in square pixels: small is below the first, large from the second on.
    public static let sizeBounds = [1024.0, 9216.0]
    /// Along each side of the image, the fields that centers are counted in.
    public static let fields = 8

    /// What there is of a class.
    public struct ClassCount: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Objects without crowds.
        public fileprivate(set) var objects = 0
        /// Groups that are not told apart.
        public fileprivate(set) var crowds = 0
        /// Objects that are difficult or to be ignored; they are among the objects, too.
        public fileprivate(set) var ignored = 0
        /// Images with an object or a crowd of it.
        public fileprivate(set) var images = 0
        /// Objects with polygons or run lengths, where those were read.
        public fileprivate(set) var masks = 0
        /// Small, medium and large objects by their areas.
        public fileprivate(set) var sizes = [0, 0, 0]
    }

    /// A box from which nothing can be learnt.
    public struct Degenerate: Sendable, Equatable {
        /// The image.
        public let image: String
        /// The annotation's id, or its number in its file; nil where there is none.
        public let identifier: Int64?
        /// In pixels.
        public let box: Box
    }

    /// Of each class, in the order of the labels.
    public let classes: [ClassCount]
    /// How many images there are.
    public let imageCount: Int
    /// How many images have so many objects (without crowds).
    public let objectsPerImage: [Int: Int]
    /// How many centers lie in each field of the image [8, 8], row by row.
    public let positions: [Int]
    /// Boxes without an area or beside their image: the first ones.
    public let degenerate: [Degenerate]
    /// How many of those there are.
    public let degenerateCount: Int

    /// How many are named.
    private static let mostNamed = 20

    /// Looks at the objects of all images, on all threads.
    /// - Throws: `DatasetError` where a file cannot be read.
    public init(_ dataset: any AnnotatedDataset<LocatedInstances>) throws {
        let state = Mutex((tally: ObjectTally(dataset.classNames), failure: (any Error)?.none))
        parallelFor(dataset.count, grain: 64) { range in
            var tally = ObjectTally(dataset.classNames)
            do {
                for index in range {
                    let located = try dataset.annotation(index)
                    tally.add(located.original, image: index)
                }
            } catch { state.withLock { $0.failure = $0.failure ?? error } }
            let own = tally
            state.withLock { $0.tally.add(own) }
        }
        let (tally, failure) = state.withLock { ($0.tally, $0.failure) }
        if let failure { throw failure }
        classes = tally.classes
        imageCount = dataset.count
        objectsPerImage = tally.objectsPerImage
        positions = tally.positions
        degenerateCount = tally.degenerate.count
        degenerate = tally.degenerate.sorted { ($0.image, $0.number) < ($1.image, $1.number) }.prefix(Self.mostNamed)
            .map {
                Degenerate(image: dataset.name($0.image), identifier: $0.identifier, box: $0.box)
            }
    }

    /// Objects of all classes, without crowds.
    public var objectCount: Int { classes.reduce(0) { $0 + $1.objects } }
    /// Images without any object.
    public var emptyImages: Int { objectsPerImage[0] ?? 0 }
    /// Small, medium and large objects of all classes.
    public var sizes: [Int] { classes.reduce([0, 0, 0]) { sum, entry in zip(sum, entry.sizes).map { $0 + $1 } } }

    fileprivate struct ObjectTally: Sendable {
        var classes: [ClassCount]
        var objectsPerImage: [Int: Int] = [:]
        var positions = [Int](repeating: 0, count: ObjectScan.fields * ObjectScan.fields)
        var degenerate: [(image: Int, number: Int, identifier: Int64?, box: Box)] = []

        init(_ names: [String]) { classes = names.map { ClassCount(name: $0) } }

        mutating func add(_ objects: Instances, image: Int) {
            var seen: Set<Int> = []
            let (width, height) = (Double(objects.size.width), Double(objects.size.height))
            for (number, item) in objects.items.enumerated() {
                if seen.insert(item.classIndex).inserted { classes[item.classIndex].images += 1 }
                if item.hasMask { classes[item.classIndex].masks += 1 }
                if item.isIgnored { classes[item.classIndex].ignored += 1 }
                let box = item.box
                let isBeside = box.right <= 0 || box.bottom <= 0 || box.left >= width || box.top >= height
                if isBeside || !(box.width > 0 && box.height > 0) {
                    degenerate.append((image, number, item.identifier, box))
                }
                if item.isCrowd {
                    classes[item.classIndex].crowds += 1
                    continue
                }
                classes[item.classIndex].objects += 1
                classes[item.classIndex].sizes[ObjectScan.sizeBounds.count { item.area >= $0 }] += 1
                func field(_ part: Double) -> Int {
                    part > 0 ? Int(min(part, 0.999) * Double(ObjectScan.fields)) : 0
                }
                positions[field(box.center.y / height) * ObjectScan.fields + field(box.center.x / width)] += 1
            }
            objectsPerImage[objects.items.count { !$0.isCrowd }, default: 0] += 1
        }

        mutating func add(_ other: ObjectTally) {
            for index in classes.indices {
                let found = other.classes[index]
                classes[index].objects += found.objects
                classes[index].crowds += found.crowds
                classes[index].ignored += found.ignored
                classes[index].images += found.images
                classes[index].masks += found.masks
                for size in 0..<3 { classes[index].sizes[size] += found.sizes[size] }
            }
            objectsPerImage.merge(other.objectsPerImage, uniquingKeysWith: +)
            for index in positions.indices { positions[index] += other.positions[index] }
            degenerate += other.degenerate
        }
    }
}
