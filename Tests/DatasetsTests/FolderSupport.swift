import Foundation

/// Writes images of a few pixels, all alike, at these places below a folder.
func makeImages(_ root: String, _ names: [String]) throws {
    for name in names { try write(Golden.file("rgb.png"), to: "\(root)/\(name)") }
}

/// `count` images in each class folder.
func makeClasses(_ root: String, _ classes: [String], _ count: Int) throws {
    for name in classes { try makeImages(root, (0..<count).map { "\(name)/\($0).png" }) }
}

func makeLink(_ target: String, at path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}

/// A folder or file whose name is these bytes.
func renameToBytes(_ old: String, _ folder: String, _ name: [UInt8]) -> Bool {
    let bytes = (Array(folder.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
    return rename(old, bytes) == 0
}
