import Datasets
import Foundation
import Tensors
import Testing

/// A tar file that Python wrote, `Resources/generate_tar.py`.
private func resource(_ name: String) throws -> [UInt8] {
    let url = Bundle.module.url(forResource: name, withExtension: "tar", subdirectory: "Resources")
    return [UInt8](try Data(contentsOf: #require(url)))
}

@Suite struct TarTests {
    /// Long names, directories and links are written in three ways.
    @Test(arguments: ["gnu", "pax", "ustar"])
    func imagesAreReadInPlaceWithWhatIsSaidOfThem(_ name: String) throws {
        try withTemporaryFolder { root in
            try write(resource(name), to: "\(root)/\(name).tar")
            let part = try LabeledData.openPart("\(root)/\(name).tar", .all)
            let dataset = part.dataset
            #expect(part.format == "1 tar file of images" && dataset.count == 5)
            #expect(dataset.classNames == ["cat", "dog"])
            #expect(try dataset.labels() == [0, 1, 0, 1, 1])
            let found1 = try (0..<3).map { try dataset.annotation($0).weight }
            #expect(found1 == [1, 1, 0.5])
            for index in 0..<5 {
                let image = try dataset.image(index)
                #expect(image.pixels == (0..<20).map { UInt8((index * 40 + $0) % 256) })
                #expect(try dataset.shape(index) == ImageShape(width: 5, height: 4, channels: 1))
            }
            #expect(dataset.name(0) == "\(root)/\(name).tar/data/0000.png")
            #expect(dataset.name(3).hasSuffix("a-folder-with-a-name-of-many-letters/0003.png"))
            #expect(dataset.name(4).hasSuffix(name == "ustar" ? "4.png" : "ünicode 4.png"))
            #expect(part.notices.contains { $0.contains("members of other kinds are passed over (1 .seg.png)") })
            let fingerprints = try (0..<5).map { try dataset.fingerprint($0) }
            #expect(Set(fingerprints).count == 5)
        }
    }

    /// Sizes of 8 GB and more do not fit a header and come in an extension before it.
    @Test func aSizeInAnExtensionReplacesTheHeaders() throws {
        var file = try resource("ustar")
        var start = 0
        while file[start + 156] == UInt8(ascii: "5") { start += 512 }
        let size = try #require(Int(String(decoding: file[start + 124..<start + 135], as: UTF8.self), radix: 8))
        func header(_ header: ArraySlice<UInt8>, size: Int, kind: Character? = nil) -> [UInt8] {
            func octal(_ value: Int, _ digits: Int) -> [UInt8] {
                let text = String(value, radix: 8)
                return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
            }
            var header = Array(header)
            header.replaceSubrange(124..<135, with: octal(size, 11))
            if let kind { header[156] = kind.asciiValue! }
            header.replaceSubrange(148..<156, with: Array("        ".utf8))
            header.replaceSubrange(148..<154, with: octal(header.reduce(0) { $0 + Int($1) }, 6))
            header[154] = 0
            return header
        }
        let own = file[start..<start + 512]
        let record = "size=\(size)\n"
        let extended = Array("\(record.utf8.count + 3) \(record)".utf8)
        let block = extended + [UInt8](repeating: 0, count: 512 - extended.count)
        file.replaceSubrange(
            start..<start + 512, with: header(own, size: extended.count, kind: "x") + block + header(own, size: 0))
        try withTemporaryFolder { root in
            try write(file, to: root + "/large.tar")
            let dataset = try LabeledData.openPart(root + "/large.tar", .all).dataset
            #expect(dataset.count == 5)
            #expect(try dataset.image(0).pixels == (0..<20).map { UInt8($0) })
        }
    }

    @Test func aTarFileThatIsCutShortOrForeignIsToldInASentence() throws {
        let whole = try resource("gnu")
        try withTemporaryFolder { root in
            func problem(_ bytes: [UInt8]) -> String {
                message {
                    try write(bytes, to: "\(root)/x.tar")
                    _ = try LabeledData.open("\(root)/x.tar")
                }
            }
            // Every length is an error but the whole, with the two empty blocks at the end.
            for length in stride(from: 512, to: whole.count, by: 512) {
                #expect(problem(Array(whole.prefix(length))).contains("cut short"), "\(length) bytes")
            }
            for length in [1, 100, 511] {
                #expect(problem(Array(whole.prefix(length))).contains("this is no tar file"), "\(length) bytes")
            }
            #expect(problem(Array(whole.prefix(1100))).contains("would end at byte"))
            #expect(problem([]).contains("the file is empty"))
            #expect(problem(Array("label,image\n".utf8)).contains("this is no tar file"))
            #expect(problem([0x1F, 0x8B, 8] + [UInt8](repeating: 7, count: 900)).contains("packed with gzip"))
            var damaged = whole
            damaged[512] ^= 1
            #expect(problem(damaged).contains("there is no tar header at byte"))
            #expect(message { _ = try LabeledData.open("\(root)/y.tar") }.contains("this tar file does not exist"))
            #expect(problem([UInt8](repeating: 0, count: 1024)).contains("holds no files"))
        }
    }

    @Test func aPatternStandsForFilesInOrder() throws {
        try withTemporaryFolder { root in
            for (index, name) in ["gnu", "pax"].enumerated() {
                try write(resource(name), to: "\(root)/s-0\(index + 8).tar")
            }
            try write(resource("ustar"), to: "\(root)/s-10.tar")
            let part = try LabeledData.openPart("\(root)/s-{08..10}.tar", .all)
            #expect(part.format == "3 tar files of images" && part.dataset.count == 15)
            #expect(
                (0..<15).map { part.dataset.name($0).contains("/s-\(["08", "09", "10"][$0 / 5]).tar/") }.allSatisfy {
                    $0
                })
            // A folder of tar files is the same.
            let folder = try LabeledData.openPart(root, .all).dataset
            #expect((0..<15).map { folder.name($0) } == (0..<15).map { part.dataset.name($0) })
            #expect(
                message { _ = try LabeledData.open("\(root)/s-{08..11}.tar") }
                    .contains("s-11.tar: this tar file does not exist, one of the 4 files that"))
            #expect(message { _ = try LabeledData.open("\(root)/s-{8-10}.tar") }.contains("no range of numbers"))
            #expect(message { _ = try LabeledData.open("\(root)/s-{1..999999}.tar") }.contains("no range of numbers"))
        }
    }

    @Test func namesOfFilesTellTheParts() throws {
        try withTemporaryFolder { root in
            for (file, name) in [("train-0", "gnu"), ("val-0", "pax"), ("test-0", "ustar")] {
                try write(resource(name), to: "\(root)/\(file).tar")
            }
            let splits = try LabeledData.open(root)
            #expect(splits.train.count == 5 && splits.validation?.count == 5 && splits.test?.count == 5)
            #expect(splits.train.name(0).contains("train-0.tar"))
            // A list of its own for validation.
            let named = try LabeledData.open("\(root)/train-0.tar", validation: .folder("val-0.tar"))
            #expect(named.validation?.name(0).contains("val-0.tar") == true)
            try write(resource("gnu"), to: "\(root)/more.tar")
            #expect(message { _ = try LabeledData.open(root) }.contains("more.tar: its name tells no part"))
        }
    }

    @Test func anArchiveOfClassFoldersMustBeUnpacked() throws {
        try withTemporaryFolder { root in
            try write(resource("folders"), to: "\(root)/x.tar")
            let found = message { _ = try LabeledData.open("\(root)/x.tar") }
            #expect(found.contains("an archive of class folders must be unpacked"), "\(found)")
        }
    }
}
