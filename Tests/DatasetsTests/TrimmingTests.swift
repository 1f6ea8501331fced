import Datasets
import Tensors
import Testing

/// Batches that are cut to what their images need.
struct TrimmingTests {
    /// Images of two shapes in turn, each with an object that covers all of it.
    private struct Shapes: AnnotatedDataset {
        let count = 22
        let classNames = ["x"]
        func size(_ index: Int) -> Pair { index % 2 == 0 ? Pair(20, 64) : Pair(64, 30) }
        func image(_ index: Int) -> Image {
            let size = size(index)
            let pixels = (0..<size.height * size.width).map { UInt8(truncatingIfNeeded: 7 * $0 + index) | 1 }
            return Image(width: size.width, height: size.height, channels: 1, pixels: pixels)
        }
        func name(_ index: Int) -> String { "\(index)" }
        func annotation(_ index: Int) -> LocatedInstances {
            let size = size(index)
            let box = Box(left: 0, top: 0, right: Double(size.width), bottom: Double(size.height))
            return LocatedInstances(
                identifier: Int64(index), original: Instances(size: size, items: [Instance(box: box, classIndex: 0)]))
        }
    }

    private struct Located: Targets {
        var all: [LocatedInstances]
        func part(_ range: Range<Int>) -> Located { Located(all: Array(all[range])) }
    }

    private struct Keeping: Collator {
        func collate(_ annotations: [LocatedInstances], _ images: ImageBatch, _ random: inout Random) -> Located {
            Located(all: annotations)
        }
    }

    private func loader(_ trims: Bool, threads: Int) throws -> BatchLoader<Keeping> {
        let data = Shapes()
        let corner = TransformStep.corner(width: 64, height: 64, enlarges: false, filter: .bilinear, fill: [0])
        let plan = TransformPlan(
            width: 64, height: 64, channels: 1,
            training: [corner, .photometric(brightness: 1, contrast: [1, 1], saturation: [1, 1], hue: 0)],
            evaluation: [corner], normalization: Normalization(mean: [0], deviation: [1]))
        var options = LoaderOptions(batchSize: 4, seed: 3, shuffles: true, threads: threads)
        if trims { options.trimming = try LoaderOptions.Trimming(multiple: 8, of: data) }
        return BatchLoader(
            data, transform: try Transform(plan, mode: .evaluation), collator: Keeping(), options: options)
    }

    @Test func likeImagesComeTogetherAndNothingOfThemIsLost() throws {
        let loader = try loader(true, threads: 2)
        var (seen, sizes): ([Int], [Pair]) = ([], [])
        loader.start(epoch: 1)
        while let batch = try loader.next() {
            let size = Pair(batch.images.height, batch.images.width)
            sizes.append(size)
            seen += batch.indices
            #expect(batch.images.pixels.count == batch.count * size.height * size.width)
            for (row, index) in batch.indices.enumerated() {
                let image = Shapes().image(index)
                let pixels = batch.images.pixels[row * batch.images.valueCount..<(row + 1) * batch.images.valueCount]
                for (place, value) in pixels.enumerated() {
                    let (y, x) = place.quotientAndRemainder(dividingBy: size.width)
                    let isInside = y < image.height && x < image.width
                    let expected = isInside ? Float(image.pixels[y * image.width + x]) / 255 : 0
                    if value != expected { Issue.record("image \(index) at \(y), \(x)") }
                }
                let placed = batch.targets.all[row].placed
                #expect(placed.size == size && placed.items[0].box == Shapes().annotation(index).original.items[0].box)
            }
        }
        #expect(seen.sorted() == Array(0..<22))
        // Four full batches of one shape each, then what is left over.
        #expect(Set(sizes.prefix(4)) == [Pair(24, 64), Pair(64, 32)] && sizes[4] == Pair(64, 64))
        loader.start(epoch: 2)
        var other: [Int] = []
        while let batch = try loader.next() { other += batch.indices }
        #expect(other != seen && other.sorted() == seen.sorted())
    }

    @Test func anyNumberOfThreadsGivesTheSameBatches() throws {
        func all(_ threads: Int) throws -> [[Float]] {
            let loader = try loader(true, threads: threads)
            var batches: [[Float]] = []
            loader.start(epoch: 0, at: 1)
            while let batch = try loader.next() { batches.append(Array(batch.images.pixels)) }
            return batches
        }
        #expect(try all(0) == all(3))
    }

    @Test func withoutTrimmingAllOfTheInputIsThere() throws {
        let loader = try loader(false, threads: 1)
        loader.start(epoch: 0)
        let batch = try #require(try loader.next())
        #expect(batch.images.height == 64 && batch.images.width == 64)
    }
}
