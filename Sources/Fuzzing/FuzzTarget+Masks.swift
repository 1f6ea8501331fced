import Datasets
import Foundation

// Masks of images, and the lists of classes beside them.
extension FuzzTarget {
    /// Masks of 9 x 7 pixels of the values 0, 1 and 2: gray, with a palette, of one bit, of 16 bits.
    private static let maskSeeds: [[UInt8]] = maskTexts.map { [UInt8](Data(base64Encoded: $0) ?? Data()) }

    private static let maskTexts: [String] = [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAHCAAAAAD/8Di8AAAAE0lEQVR42mNgYGSCICYGGCCdBQAELQAW3dbw7wAAAABJRU5ErkJggg==",
        """
        iVBORw0KGgoAAAANSUhEUgAAAAkAAAAHAgMAAACn9Y/zAAAACVBMVEUAAACAAAAAgACmUGVTAAAAEUlEQVR42mOU8JRnYmBgwIYBDdkAjiq9HC8A\
        AAAASUVORK5CYII=
        """, "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAHAQAAAADy4FrNAAAAD0lEQVR42mPMFWZiYEBDAAqVAI6VZ9KiAAAAAElFTkSuQmCC",
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAHEAAAAACvYOT/AAAAFklEQVR42mNgYGBgZGBCJpkYMACNhQAH6gAW3r7tDgAAAABJRU5ErkJggg==",
    ]

    /// A folder of three images, all with a mask, and a list of their classes.
    private static func makeMasks(_ path: String) throws {
        for folder in ["images", "labels"] { try makeFolder("\(path)/\(folder)") }
        let image = try Image(width: 9, height: 7, channels: 1, pixels: (0..<63).map { UInt8($0) }).encodedAsPNG()
        for index in 0..<3 {
            try write(image, "\(path)/images/\(index).png")
            try write(maskSeeds[0], "\(path)/labels/\(index).png")
        }
        try write(Array("0 sky\n1 road\n2 car\n255 ignore\n".utf8), "\(path)/classes.txt")
    }

    /// Decoded in color as well, since a damaged header may promise that.
    static func mask(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/mask"
        try makeMasks(path)
        return FuzzTarget(name: "mask", mutator: Mutator(seeds: maskSeeds, structures: [.headerNumber])) { input in
            _ = try? storedLabels(input, name: "input", inColor: true)
            try write(input, path + "/labels/1.png")
            let train = try SegmentationData.open(SegmentationDataOptions(path: path)).train
            for index in 0..<train.count { _ = try train.annotation(index) }
        }
    }

    /// The classes of masks, a line each.
    static func classes(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/classes"
        try makeMasks(path)
        let seeds = ["0 sky\n1 road\n2 car\n255 ignore\n", "sky\nroad\ncar\n", "2: car\n0: sky\n1: road\n"]
        return FuzzTarget(name: "classes", mutator: Mutator(seeds: seeds.map { Array($0.utf8) })) { input in
            try write(input, path + "/classes.txt")
            _ = try SegmentationData.open(SegmentationDataOptions(path: path)).classNames
        }
    }
}
