import Datasets

// Readers of images beside JPEG and PNG.
extension FuzzTarget {
    static var webp: FuzzTarget { format("webp", SmallImages.webps, "RIFF") }
    static var gif: FuzzTarget { format("gif", SmallImages.gifs, "GIF8") }
    static var bmp: FuzzTarget { format("bmp", SmallImages.bmps, "BM") }
    static var tiff: FuzzTarget { format("tiff", SmallImages.tiffs, "II*") }

    /// - Parameter start: how files of the format begin, by which further ones are found.
    private static func format(_ name: String, _ seeds: [[UInt8]], _ start: String) -> FuzzTarget {
        let more = SmallImages.others.filter { $0.starts(with: Array(start.utf8)) }
        return FuzzTarget(name: name, mutator: Mutator(seeds: seeds + more, structures: [.headerNumber])) {
            _ = try Image(decoding: $0, name: "input")
        }
    }
}
