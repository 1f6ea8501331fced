import Foundation

/// The UCI handwritten digits that every program carries: 1,797 grey images of 8 x 8 pixels.
///
/// The file in `DigitsData` has one row per image: 64 values 0...16 and the label. The last 360 rows, written
/// by other people than the rest, are the test set.
public enum Digits {
    /// Who made the data and on what terms it is passed on.
    public static let attribution = """
        Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, \
        https://doi.org/10.24432/C50P49, licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); \
        the test part of the original, its values scaled from 0...16 to 0...255.
        """

    static let testCount = 360
    static let side = 8

    /// The images in file order: 1,437 for training and 360 for the test.
    /// - Throws: `DatasetError` where the program is damaged.
    public static func load() throws -> (train: InMemoryDataset, test: InMemoryDataset) {
        let name = "digits"
        guard let packed = Data(base64Encoded: DigitsData.file) else {
            throw DatasetError(name, "the embedded data is damaged")
        }
        let text = try gunzip([UInt8](packed), name: name, limit: 1 << 20)
        var images: [Image] = []
        var labels: [Int] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let values = line.split(separator: UInt8(ascii: ",")).map { field in
                field.reduce(0) { $0 * 10 + Int($1) - 48 }
            }
            guard values.count == side * side + 1, values.dropLast().allSatisfy({ 0...16 ~= $0 }), 0...9 ~= values[64]
            else { throw DatasetError(name, "row \(images.count + 1) of the embedded data is damaged") }
            let pixels = values.dropLast().map { UInt8(($0 * 255 + 8) / 16) }
            images.append(Image(width: side, height: side, channels: 1, pixels: pixels))
            labels.append(values[64])
        }
        let classNames = (0...9).map(String.init)
        let trainCount = images.count - testCount
        return (
            InMemoryDataset(
                classNames: classNames, images: Array(images[..<trainCount]), labels: Array(labels[..<trainCount]),
                source: "digits/train"),
            InMemoryDataset(
                classNames: classNames, images: Array(images[trainCount...]), labels: Array(labels[trainCount...]),
                source: "digits/test")
        )
    }
}
