import Tensors

/// AugMix (Hendrycks et al., arXiv 1912.02781): three chains of operations start from the image, their results are mixed, and
/// the mixture is mixed with the image itself. The operations are those of the published program, none of which is among the
/// corruptions that robustness is measured with.
public struct AugMix: Codable, Sendable, Hashable {
    /// How strong the operations are at most, 1...10; 3 as published for small images and photographs.
    public var severity: Int
    /// Whether chains move pixels, too. The mixture keeps the image's place, so that boxes and masks stay; yet what is moved
    /// within it lies beside them.
    public var movesPixels: Bool
    /// The colour beyond the edges of a moved image, one value or one per channel.
    public var fill: [UInt8]
    /// How moved images are resampled.
    public var filter: ResizeFilter

    /// - Parameters:
    ///   - severity: how strong the operations are at most, 1...10.
    ///   - movesPixels: whether chains turn, shear and shift, too.
    ///   - fill: the colour beyond the edges of a moved image, one value or one per channel.
    ///   - filter: how moved images are resampled.
    public init(severity: Int = 3, movesPixels: Bool = true, fill: [UInt8], filter: ResizeFilter) {
        (self.severity, self.movesPixels, self.fill, self.filter) = (severity, movesPixels, fill, filter)
    }

    /// The operations of the published program.
    package enum Operation: String, CaseIterable, Sendable {
        case autoContrast, equalize, posterize, rotate, solarize, shearX, shearY, translateX, translateY

        /// Whether every pixel stays where it is.
        var keepsPlaces: Bool {
            switch self {
            case .autoContrast, .equalize, .posterize, .solarize: true
            case .rotate, .shearX, .shearY, .translateX, .translateY: false
            }
        }
    }

    /// One operation of a chain.
    package struct Link: Sendable, Equatable {
        package let operation: Operation
        /// 0.1 up to the severity.
        package let level: Double
        /// The other direction, of those operations that have two.
        package let isNegative: Bool

        package init(operation: Operation, level: Double, isNegative: Bool) {
            (self.operation, self.level, self.isNegative) = (operation, level, isNegative)
        }
    }

    /// What an image gets.
    package struct Draw: Sendable, Equatable {
        package let chains: [[Link]]
        /// The part of each chain's result in the mixture.
        package let weights: [Double]
        /// The part of the mixture in what comes out.
        package let share: Double

        package init(chains: [[Link]], weights: [Double], share: Double) {
            (self.chains, self.weights, self.share) = (chains, weights, share)
        }
    }

    /// How many chains, and how many operations each has at most.
    private static let (width, depth) = (3, 3)

    /// What makes the step impossible, one sentence, or nil.
    var problem: String? {
        if !(1...10).contains(severity) { return "a severity of \(severity) is not in 1...10" }
        if fill.count != 1 && fill.count != 3 { return "a fill of \(fill.count) channels is not possible, only 1 or 3" }
        return nil
    }

    /// Weights from Dirichlet(1, 1, 1), the share from Beta(1, 1), one to three operations a chain.
    package func draw(_ random: inout Random) -> Draw {
        let parts = (0..<Self.width).map { _ in random.gamma(1) }
        let sum = parts.reduce(0, +)
        let share = random.uniform()
        let operations = Operation.allCases.filter { movesPixels || $0.keepsPlaces }
        let chains = parts.map { _ in
            (0..<1 + random.integer(below: Self.depth)).map { _ in
                Link(
                    operation: operations[random.integer(below: operations.count)],
                    level: random.uniform(0.1, Double(severity)), isNegative: random.chance(0.5))
            }
        }
        return Draw(chains: chains, weights: parts.map { sum > 0 ? $0 / sum : 1 / Double(Self.width) }, share: share)
    }

    package func apply(_ draw: Draw, to canvas: inout Canvas) {
        let image = canvas.image()
        var mixture = [Double](repeating: 0, count: image.pixels.count)
        for (chain, weight) in zip(draw.chains, draw.weights) {
            let changed = onCanvas(image) { copy in
                for link in chain { apply(link, to: &copy) }
            }
            for (index, value) in changed.pixels.enumerated() { mixture[index] += weight * Double(value) }
        }
        let pixels = canvas.editable()
        for (index, value) in image.pixels.enumerated() {
            let mixed = (1 - draw.share) * Double(value) + draw.share * mixture[index]
            pixels[index] = UInt8(max(0, min(255, (mixed + 0.5).rounded(.down))))
        }
    }

    private func apply(_ link: Link, to canvas: inout Canvas) {
        let fill = fill.count == canvas.channels ? fill : Array(repeating: fill[0], count: canvas.channels)
        let sign: Double = link.isNegative ? -1 : 1
        func move(_ matrix: [Double]) { canvas.transform(matrix, filter: filter, fill: fill) }
        /// Whole steps, as the published program takes them.
        func whole(_ most: Double) -> Double { (link.level * most / 10).rounded(.towardZero) }
        switch link.operation {
        case .autoContrast: canvas.stretchContrast()
        case .equalize: canvas.equalize()
        case .posterize:
            let dropped = 4 + Int(whole(4))
            canvas.mapLevels { $0 & ~((1 << dropped) - 1) }
        case .rotate: move(turn(degrees: sign * whole(30), width: canvas.width, height: canvas.height))
        case .solarize:
            let threshold = 256 - Int(whole(256))
            canvas.mapLevels { $0 < threshold ? $0 : 255 - $0 }
        case .shearX: move([1, sign * link.level * 0.3 / 10, 0, 0, 1, 0])
        case .shearY: move([1, 0, 0, sign * link.level * 0.3 / 10, 1, 0])
        case .translateX: move([1, 0, sign * whole(Double(canvas.width) / 3), 0, 1, 0])
        case .translateY: move([1, 0, 0, 0, 1, sign * whole(Double(canvas.height) / 3)])
        }
    }

    func apply(to canvas: inout Canvas, _ random: inout Random) { apply(draw(&random), to: &canvas) }
}

/// What a draw makes of an image.
package func augmentedAndMixed(_ draw: AugMix.Draw, _ augment: AugMix, _ image: Image) -> Image {
    onCanvas(image) { augment.apply(draw, to: &$0) }
}
