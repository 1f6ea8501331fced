import Tensors

/// What is behind the digits: a color that changes smoothly, stripes, and the grain of the picture.
struct Backdrop: Sendable {
    /// Values on a lattice, interpolated smoothly between.
    private struct Clouds: Sendable {
        let columns: Int
        let spacing: Int
        let values: [SIMD3<Float>]

        /// - Parameters:
        ///   - gray: how much all channels change together.
        ///   - color: how much each changes by itself.
        init(_ size: Pair, spacing: Int, gray: Double, color: Double, _ random: inout Random) {
            self.spacing = spacing
            columns = size.width / spacing + 2
            let rows = size.height / spacing + 2
            values = (0..<columns * rows).map { _ in
                let level = random.uniform(-gray, gray)
                return SIMD3(
                    Float(level + random.uniform(-color, color)), Float(level + random.uniform(-color, color)),
                    Float(level + random.uniform(-color, color)))
            }
        }

        /// Of each place of a line between two lattice lines: 3 t^2 - 2 t^3.
        static func steps(_ spacing: Int) -> [Float] {
            (0..<spacing).map { position in
                let t = (Float(position) + 0.5) / Float(spacing)
                return t * t * (3 - 2 * t)
            }
        }

        func add(to colors: inout [SIMD3<Float>], _ size: Pair) {
            let steps = Self.steps(spacing)
            var line = [SIMD3<Float>](repeating: .zero, count: columns)
            for y in 0..<size.height {
                let (row, part) = (y / spacing * columns, steps[y % spacing])
                for column in 0..<columns {
                    let above = values[row + column]
                    line[column] = above + (values[row + columns + column] - above) * part
                }
                for x in 0..<size.width {
                    let before = line[x / spacing]
                    colors[y * size.width + x] += before + (line[x / spacing + 1] - before) * steps[x % spacing]
                }
            }
        }
    }

    private let base: SIMD3<Float>
    private let clouds: [Clouds]
    /// From one edge to the other, across and down.
    private let slopes: (across: SIMD3<Float>, down: SIMD3<Float>)
    /// Stripes: their color, and how far along one is at a pixel: across, down and at the beginning, 1 from one to the next.
    private let stripes: (color: SIMD3<Float>, across: Float, down: Float, start: Float)
    /// How strong the noise of single pixels is.
    private let grain: Float
    private let grainKey: RandomKey

    init(_ random: inout Random) {
        func color(_ strength: Double, _ random: inout Random) -> SIMD3<Float> {
            SIMD3(
                Float(random.uniform(-strength, strength)), Float(random.uniform(-strength, strength)),
                Float(random.uniform(-strength, strength)))
        }
        let level = random.uniform(60, 195)
        base = SIMD3(repeating: Float(level)) + color(35, &random)
        let strength = random.uniform(0.1, 0.6)
        clouds = [
            Clouds(DigitScene.size, spacing: 32, gray: 34 * strength, color: 16 * strength, &random),
            Clouds(DigitScene.size, spacing: 8, gray: 22 * strength, color: 8 * strength, &random),
        ]
        slopes = (color(30, &random), color(30, &random))
        let period = random.uniform(5, 20)
        // A direction without sines, so that all machines agree: a point of the unit square's edge is near enough.
        let (across, down) = (random.uniform(-1, 1), random.uniform(-1, 1))
        let length = max(0.1, (across * across + down * down).squareRoot()) * period
        stripes = (
            random.chance(0.5) ? color(14, &random) : .zero, Float(across / length), Float(down / length),
            Float(random.uniform())
        )
        grain = Float(random.uniform(2, 8))
        grainKey = RandomKey(seed: random.next(), purpose: "scenes.grain")
    }

    /// A color that is more or less unlike the background's.
    func ink(_ random: inout Random) -> SIMD3<Float> {
        let contrast = Float(random.uniform(80, 160))
        // Rather into the side where there is room.
        let brightness = base.sum() / 3
        let isDark = random.chance(brightness > 128 ? 0.8 : 0.2)
        var direction = SIMD3<Float>(repeating: 1)
        if random.chance(0.6) {
            direction = SIMD3(
                Float(random.uniform(-0.4, 1)), Float(random.uniform(-0.4, 1)), Float(random.uniform(-0.4, 1)))
            direction /= max(0.3, abs(direction.x), abs(direction.y), abs(direction.z))
        }
        let ink = base + direction * (isDark ? -contrast : contrast)
        return ink.clamped(lowerBound: SIMD3(repeating: 4), upperBound: SIMD3(repeating: 251))
    }

    /// The background without its grain [height, width].
    func colors(_ size: Pair) -> [SIMD3<Float>] {
        var colors = [SIMD3<Float>](repeating: base, count: size.height * size.width)
        for cloud in clouds { cloud.add(to: &colors, size) }
        for y in 0..<size.height {
            let down = (Float(y) + 0.5) / Float(size.height) - 0.5
            for x in 0..<size.width {
                let across = (Float(x) + 0.5) / Float(size.width) - 0.5
                var color = slopes.across * across + slopes.down * down
                // A wave of straight lines, -1...1.
                let place = stripes.start + stripes.across * Float(x) + stripes.down * Float(y)
                color += stripes.color * (4 * abs(place - place.rounded(.down) - 0.5) - 1)
                colors[y * size.width + x] += color
            }
        }
        return colors
    }

    /// The bytes of a picture with grain.
    func grained(_ colors: [SIMD3<Float>]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: colors.count * 3) { output, count in
            var words = SIMD4<UInt32>()
            for (index, color) in colors.enumerated() {
                if index % 4 == 0 { words = grainKey.block(UInt64(index / 4)) }
                let word = words[index % 4]
                // Two bytes for all channels together, and one each for two of them.
                let gray = Float(word & 255) - Float(word >> 8 & 255)
                let noise = SIMD3<Float>(
                    gray + Float(word >> 16 & 255) - 127.5, gray, gray + Float(word >> 24) - 127.5)
                let value = (color + noise * (grain / 128)).clamped(
                    lowerBound: .zero, upperBound: SIMD3(repeating: 255))
                for channel in 0..<3 { output[3 * index + channel] = UInt8(value[channel].rounded()) }
            }
            count = colors.count * 3
        }
    }
}
