import Autograd
import Tensors

extension DetectorFixture {
    /// The batch that mmdetection's fixtures hold as the network sees it, and the part of it that each image takes.
    static func normalized(_ fixture: ParityFixture<S>) throws -> (input: Tensor<S>, visible: [Pair]) {
        let input = try fixture.map("input")
        let visible = try (0..<input.shape[0]).map { image in
            guard let size = try fixture.file["target.\(image).size"]?.integers(), size.count == 2 else {
                throw fixture.fail("there is no target.\(image).size [2]")
            }
            return Pair(size[0], size[1])
        }
        return (input, visible)
    }

    /// torchvision's way to the batch: images are normalised, resized and put into the upper left of a common size. The fixture
    /// holds the batch in single precision, so it is made of the images anew.
    static func transformed(_ fixture: ParityFixture<S>) throws -> (input: Tensor<S>, visible: [Pair]) {
        let config = fixture.config
        let (mean, deviation) = (try fixture.numbers(config, "image_mean"), try fixture.numbers(config, "image_std"))
        let shortest = Double(try fixture.integer(config, "min_size"))
        let longest = Double(try fixture.integer(config, "max_size"))
        let multiple = try fixture.integer(config, "size_divisible")
        var images: [Tensor<S>] = []
        while let stored = fixture.file["image.\(images.count)"] {
            let shape = stored.shape
            guard shape.count == 3, shape[0] == mean.count, mean.count == deviation.count, multiple > 0 else {
                throw fixture.fail("image.\(images.count) is not [\(mean.count), height, width]")
            }
            let (height, width) = (shape[1], shape[2])
            let values = try stored.doubles()
            let pixels = (0..<values.count).map { index -> S in
                let (place, channel) = (index / shape[0], index % shape[0])
                return S((values[channel * height * width + place] - mean[channel]) / deviation[channel])
            }
            let factor = min(shortest / Double(min(height, width)), longest / Double(max(height, width)))
            images.append(
                Variable(Tensor([1, height, width, shape[0]], pixels)).resized(
                    height: Int(Double(height) * factor), width: Int(Double(width) * factor),
                    .bilinear(alignCorners: false)
                ).value)
        }
        let visible = images.map { Pair($0.shape[1], $0.shape[2]) }
        func side(_ longest: Int?) -> Int { ((longest ?? 0) + multiple - 1) / multiple * multiple }
        let size = Pair(side(visible.map(\.height).max()), side(visible.map(\.width).max()))
        let channels = mean.count
        let input = Tensor<S>([images.count, size.height, size.width, channels]) { output in
            output.initialize(repeating: 0, count: images.count * size.height * size.width * channels)
            for (image, pixels) in images.enumerated() {
                let row = visible[image].width * channels
                pixels.read { pixels in
                    for y in 0..<visible[image].height {
                        (output + (image * size.height + y) * size.width * channels)
                            .update(from: pixels + y * row, count: row)
                    }
                }
            }
        }
        return (input, visible)
    }
}
