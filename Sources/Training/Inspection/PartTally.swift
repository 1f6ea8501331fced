import Datasets

/// Sums over some images. They are whole numbers, so that their order does not matter.
struct PartTally {
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
    var broken: [(index: Int, file: BrokenImage)] = []
    var gray = Sums()
    var color = [Sums(), Sums(), Sums()]
    var colorCount = 0

    mutating func add(_ image: Image, _ index: Int, _ content: ContentHash) {
        sizes[Size(width: image.width, height: image.height), default: 0] += 1
        sound.append((index, content))
        if image.channels == 3 { colorCount += 1 }
        image.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<image.channels {
                var sums = Sums(count: image.width * image.height)
                for position in stride(from: channel, to: pixels.count, by: image.channels) {
                    let value = Int(pixels[position])
                    sums.sum += value
                    sums.square += value * value
                }
                if image.channels == 3 { color[channel].add(sums) } else { gray.add(sums) }
            }
        }
    }

    mutating func add(_ other: PartTally) {
        sizes.merge(other.sizes, uniquingKeysWith: +)
        sound += other.sound
        broken += other.broken
        colorCount += other.colorCount
        gray.add(other.gray)
        for channel in 0..<3 { color[channel].add(other.color[channel]) }
    }

    func part(_ empty: InspectedPart) -> InspectedPart {
        var part = empty
        part.decoded = sound.count
        let sorted = sound.sorted { $0.index < $1.index }
        part.sound = sorted.map(\.index)
        part.fingerprints = sorted.map(\.content)
        part.colorCount = colorCount
        part.broken = broken.sorted { $0.index < $1.index }.map(\.file)
        part.sizes = sizes.map { ($0.key.width, $0.key.height, $0.value) }.sorted {
            ($1.2, $0.0, $0.1) < ($0.2, $1.0, $1.1)
        }
        // Beside colour images a grey one counts in each channel.
        let channels = colorCount > 0 ? color : [Sums()]
        for var sums in channels {
            sums.add(gray)
            guard sums.count > 0 else { continue }
            let mean = Double(sums.sum) / Double(sums.count)
            let variance = Double(sums.square) / Double(sums.count) - mean * mean
            part.mean.append(mean / 255)
            part.deviation.append(max(0, variance).squareRoot() / 255)
        }
        return part
    }
}
