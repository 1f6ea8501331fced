import Tensors

/// Images of training joined from four, so that a detector sees more objects at once, cut off and in other surroundings
/// (Bochkovskiy et al., "YOLOv4", 2020, section 3.4).
///
/// As Ultralytics joins them: the four touch at a random place of the input, the image itself at the upper left of it and three
/// others, drawn from all, at the upper right, lower left and lower right, each as large as it just fits into the input; what
/// lies beyond the input is cut off. The further steps of training then see one image of the input's size.
public struct Mosaic: Sendable, Equatable {
    /// How often an image is joined with others, 0...1.
    public var probability: Double
    /// Epochs from this one on are without; nil for none.
    public var end: Int?
    /// How images are brought to the size that fits.
    public var filter: ResizeFilter
    /// The color where no image is, one value or one per channel.
    public var fill: [UInt8]

    /// - Parameters:
    ///   - probability: how often an image is joined with others, 0...1.
    ///   - end: epochs from this one on are without; nil for none.
    ///   - filter: how images are brought to the size that fits.
    ///   - fill: the color where no image is, one value or one per channel.
    public init(probability: Double, end: Int? = nil, filter: ResizeFilter = .bilinear, fill: [UInt8] = [114]) {
        require(0...1 ~= probability, "Mosaic", "a probability of \(probability) is not in 0...1")
        require(fill.count == 1 || fill.count == 3, "Mosaic", "a fill of \(fill.count) channels is not 1 or 3")
        (self.probability, self.end, self.filter, self.fill) = (probability, end, filter, fill)
    }

    /// Whether an epoch has joined images.
    func isOn(in epoch: Int) -> Bool { end.map { epoch < $0 } ?? true }
}

/// What is said of one of the images that are joined to a larger one.
public struct JoinedPart<Annotation: Sendable>: Sendable {
    /// Of the image before it moved.
    public let annotation: Annotation
    /// From the decoded image to its size in the joined one.
    public let resized: Motion
    /// From there into the joined image.
    public let placed: Motion

    /// - Parameters:
    ///   - resized: from the decoded image to its size in the joined one.
    ///   - placed: from there into the joined image.
    public init(annotation: Annotation, resized: Motion, placed: Motion) {
        (self.annotation, self.resized, self.placed) = (annotation, resized, placed)
    }
}

/// One of the images of a mosaic.
struct MosaicTile {
    let image: Image
    /// From the decoded image.
    let motion: Motion

    /// A prepared image without what was filled around it, as large as it just fits into `size`.
    init(_ prepared: PreparedImage, fitting size: Pair, _ filter: ResizeFilter, _ workspace: TransformWorkspace) {
        let whole = prepared.image
        (image, motion) = whole.pixels.withUnsafeBufferPointer { pixels -> (Image, Motion) in
            guard let base = pixels.baseAddress else { return (whole, prepared.motion) }
            var canvas = Canvas(whole, pixels: base, scratch: workspace.scratch, motion: prepared.motion)
            if let shown = prepared.motion.shownBox {
                // Rounding may lead a little beyond a whole number.
                let (left, top) = (Int((shown.left + 1e-6).rounded(.down)), Int((shown.top + 1e-6).rounded(.down)))
                let right = max(left + 1, Int((shown.right - 1e-6).rounded(.up)))
                let bottom = max(top + 1, Int((shown.bottom - 1e-6).rounded(.up)))
                let inner = Pair(min(whole.height - top, bottom - top), min(whole.width - left, right - left))
                if inner != canvas.size {
                    canvas.crop(x: left, y: top, width: inner.width, height: inner.height)
                }
            }
            let factor = min(
                Double(size.width) / Double(canvas.width), Double(size.height) / Double(canvas.height))
            func side(_ length: Int, _ most: Int) -> Int {
                max(1, min(most, Int((Double(length) * factor + 0.5).rounded(.down))))
            }
            canvas.resize(
                width: side(canvas.width, size.width), height: side(canvas.height, size.height), filter: filter)
            return (canvas.image(), canvas.motion)
        }
    }

    /// The upper left corner of tile `number` of four that touch at a place.
    func corner(_ number: Int, around center: (x: Int, y: Int)) -> (x: Int, y: Int) {
        (
            number % 2 == 0 ? center.x - image.width : center.x,
            number < 2 ? center.y - image.height : center.y
        )
    }

    /// Copies what lies within an image of `size` with this tile's corner there.
    func copy(to pixels: inout [UInt8], _ size: Pair, at corner: (x: Int, y: Int)) {
        let channels = image.channels
        let columns = max(0, -corner.x)..<max(max(0, -corner.x), min(image.width, size.width - corner.x))
        guard !columns.isEmpty else { return }
        for y in max(0, corner.y)..<max(max(0, corner.y), min(size.height, corner.y + image.height)) {
            let source = ((y - corner.y) * image.width + columns.lowerBound) * channels
            let target = (y * size.width + corner.x + columns.lowerBound) * channels
            let count = columns.count * channels
            pixels.replaceSubrange(target..<target + count, with: image.pixels[source..<source + count])
        }
    }
}

extension Motion {
    /// The part of the target that shows the source; nil where that cannot be followed corner by corner, or is nothing.
    var shownBox: Box? {
        guard isAffine else { return nil }
        let whole = Box(left: 0, top: 0, right: Double(source.width), bottom: Double(source.height))
        return Instances(size: source, items: [Instance(box: whole, classIndex: 0)]).moved(by: self).items.first?.box
    }
}
