import Tensors

extension BatchAssembler {
    /// An image on its way to the input, with what is said of it: the data's own, or one that is joined of four. A function of
    /// the seed, the epoch, the image's index and which of its copies it is.
    func piece(
        _ sample: Int, copy: Int, epoch: Int, _ workspace: TransformWorkspace
    ) throws -> (image: PreparedImage, annotation: C.Annotation) {
        if let mosaic = options.mosaic, mosaic.isOn(in: epoch), let join = C.Annotation.joining {
            // A stream of its own: images that are not joined are as they would be without.
            var random = Random(Self.key(mosaicKey, epoch: epoch, sample, copy: copy))
            if random.chance(mosaic.probability) {
                return try joined(sample, mosaic, &random, workspace, join)
            }
        }
        return (try prepared(sample, workspace), try dataset.annotation(sample))
    }

    private func joined(
        _ sample: Int, _ mosaic: Mosaic, _ random: inout Random, _ workspace: TransformWorkspace,
        _ join: ([JoinedPart<C.Annotation>], Pair) -> C.Annotation
    ) throws -> (image: PreparedImage, annotation: C.Annotation) {
        let (size, channels) = (canvas, transform.plan.channels)
        let center = (x: random.integer(below: size.width + 1), y: random.integer(below: size.height + 1))
        let samples = [sample] + (0..<3).map { _ in random.integer(below: dataset.count) }
        let color = (0..<channels).map { mosaic.fill[$0 < mosaic.fill.count ? $0 : 0] }
        var pixels = [UInt8](repeating: color[0], count: size.height * size.width * channels)
        if Set(color).count > 1 {
            for index in pixels.indices { pixels[index] = color[index % channels] }
        }
        var parts: [JoinedPart<C.Annotation>] = []
        for (number, sample) in samples.enumerated() {
            let tile = MosaicTile(
                try prepared(sample, workspace), fitting: size, mosaic.filter, workspace)
            let corner = tile.corner(number, around: center)
            tile.copy(to: &pixels, size, at: corner)
            parts.append(
                JoinedPart(
                    annotation: try dataset.annotation(sample), resized: tile.motion,
                    placed: .crop(tile.image.size, x: -corner.x, y: -corner.y, to: size)))
        }
        let image = Image(width: size.width, height: size.height, channels: channels, pixels: pixels)
        return (PreparedImage(image, .identity(size)), join(parts, size))
    }
}
