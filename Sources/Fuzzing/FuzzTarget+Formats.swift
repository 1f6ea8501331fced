import Datasets

extension FuzzTarget {
    /// Readers of images beside JPEG and PNG.
    static var formats: [FuzzTarget] {
        [
            ("webp", SmallImages.webps), ("gif", SmallImages.gifs), ("bmp", SmallImages.bmps),
            ("tiff", SmallImages.tiffs),
        ].map { name, seeds in
            FuzzTarget(name: name, mutator: Mutator(seeds: seeds)) { _ = try Image(decoding: $0, name: "input") }
        }
    }
}
