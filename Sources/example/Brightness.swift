import Datasets
import Tensors

/// What is said of an image: the mean of its pixels, from 0 for black to 1 for white. It is the image's own, however its
/// pixels are moved in training.
struct Brightness: Annotation {
    var value: Float

    func moved(by motion: Motion) -> Brightness { self }
}

/// What the answers to a batch are compared with.
struct BrightnessTargets: Targets {
    var values: [Float]

    func part(_ range: Range<Int>) -> BrightnessTargets { BrightnessTargets(values: Array(values[range])) }
}

/// Makes the targets of a batch.
struct BrightnessCollator: Collator {
    func collate(_ annotations: [Brightness], _ images: ImageBatch, _ random: inout Random) -> BrightnessTargets {
        BrightnessTargets(values: annotations.map(\.value))
    }
}

/// The images of another data set, each with its brightness.
struct BrightnessDataset: AnnotatedDataset {
    let images: any ImageDataset

    /// The names of the model's outputs.
    var classNames: [String] { ["brightness"] }
    var count: Int { images.count }
    var isInMemory: Bool { images.isInMemory }
    func image(_ index: Int) throws -> Image { try images.image(index) }
    func name(_ index: Int) -> String { images.name(index) }

    func annotation(_ index: Int) throws -> Brightness {
        let pixels = try image(index).pixels
        return Brightness(value: Float(pixels.reduce(0) { $0 + Int($1) }) / Float(255 * max(1, pixels.count)))
    }
}
