import Datasets
import Foundation

/// What `Resources/golden.json` holds: image files, and pictures made with Pillow.
struct Golden: Decodable {
    struct Picture: Decodable {
        let width: Int
        let height: Int
        let channels: Int
        let pixels: Data
    }

    private let files: [String: Data]
    private let images: [String: Picture]

    static let shared: Golden = {
        let url = Bundle.module.url(forResource: "golden", withExtension: "json", subdirectory: "Resources")
        guard let url, let data = try? Data(contentsOf: url),
            let golden = try? JSONDecoder().decode(Golden.self, from: data)
        else { fatalError("golden.json cannot be read") }
        return golden
    }()

    static var fileNames: [String] { shared.files.keys.sorted() }

    static func file(_ name: String) -> [UInt8] {
        guard let data = shared.files[name] else { fatalError("golden.json has no file \(name)") }
        return [UInt8](data)
    }

    static func image(_ name: String) -> Image {
        guard let picture = shared.images[name] else { fatalError("golden.json has no image \(name)") }
        return Image(
            width: picture.width, height: picture.height, channels: picture.channels, pixels: [UInt8](picture.pixels))
    }
}

/// The largest difference between two pictures' bytes; 256 when their shapes differ.
func largestDifference(_ a: Image, _ b: Image) -> Int {
    guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return 256 }
    return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// A folder that is removed with its content when the body is done.
func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("hornbeam-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}

func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
}

/// The sentence of the error that `body` throws; empty when it throws none of ours.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch let error as DatasetError {
        return error.description
    } catch {
        return ""
    }
}
