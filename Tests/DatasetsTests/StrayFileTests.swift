import Datasets
import Foundation
import Testing

/// Files that are no images, and images that cannot be read.
struct StrayFileTests {
    @Test func filesThatAreNoImagesAreCountedAndNamed() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 10)
            try makeClasses("\(root)/test", ["a", "b"], 2)
            let before = try LabeledData.open(root, validation: .nowhere)
            #expect(before.notices.isEmpty)
            for name in [
                "LICENSE.txt", "train/classes.txt", "train/a/labels.csv", "train/a/note.TXT", "test/b/README",
                "train/a/film.mp4",
            ] { try write(Array("BM and more words".utf8), to: "\(root)/\(name)") }
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.train.count == 20 && splits.test?.count == 4)
            #expect(splits.notices.count == 1)
            #expect(
                splits.notices.first?.hasPrefix("left out, no images: 3 .txt, 1 without an ending, 1 .csv, 1 .mp4 (")
                    == true)
            #expect(splits.notices.first?.contains("\(root)/train/a/labels.csv") == true)
        }
    }

    @Test func litterOfOtherSystemsIsPassedOverInAnyCase() throws {
        try withTemporaryFolder { root in
            try makeClasses(root, ["a", "b"], 10)
            for folder in [
                "__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", ".ipynb_checkpoints", "lost+found",
                "a/@eaDir",
            ] { try makeImages(root, ["\(folder)/x.png"]) }
            for name in [
                ".DS_Store", "THUMBS.DB", "Desktop.ini", "Icon\r", "~$x.docx", "._1.png", "1.jpg.crdownload",
                "2.png.part",
                "3.png.tmp", "4.png~",
            ] { try write(Golden.file("rgb.png"), to: "\(root)/a/\(name)") }
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.classNames == ["a", "b"])
            #expect(try splits.train.classCounts() == [9, 9] && splits.test?.count == 2)
            #expect(splits.notices.count == 2)
        }
    }

    @Test func anImageBesideTheClassesIsAnError() throws {
        try withTemporaryFolder { root in
            try makeClasses(root, ["a", "b"], 10)
            try makeImages(root, ["cover.png", "back.jpg"])
            #expect(
                message { _ = try LabeledData.open(root) }.hasPrefix(
                    "\(root)/back.jpg: this image lies beside the class folders (and so do 1 others)"))
        }
    }

    @Test func whatLooksLikeAnImageTakesPart() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 4)
            try makeClasses("\(root)/test", ["a", "b"], 2)
            try write(Array("RIFF\u{24}\0\0\0WEBPVP8 ".utf8), to: "\(root)/train/a/x.webp")
            try write([0, 0, 0, 24] + Array("ftypheic".utf8), to: "\(root)/train/b/y.dat")
            try write(Array("P5 1 1 255 x".utf8), to: "\(root)/test/b/z.pgm")
            let problem = message { _ = try LabeledData.open(root, validation: .nowhere) }
            for name in [
                "train/a/x.webp", "train/b/y.dat", "test/b/z.pgm", "data.onBroken: skip leaves them out", "PNG or JPEG",
            ] { #expect(problem.contains(name), "\(problem)") }
            let splits = try LabeledData.open(root, validation: .nowhere, onBroken: .skip)
            #expect(splits.train.count == 8 && splits.test?.count == 4)
            #expect(splits.notices.contains { $0.contains("y.dat: this is an HEIC image") })
        }
    }

    @Test func brokenTrainingImagesAreNamedWithThoseOfAllParts() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 30)
            try makeClasses("\(root)/test", ["a", "b"], 2)
            let whole = Golden.file("rgb.png")
            for name in ["a/7.png", "a/11.png", "b/20.png"] {
                try write(Array(whole.prefix(whole.count / 2)), to: "\(root)/train/\(name)")
            }
            try write([], to: "\(root)/train/b/21.png")
            let splits = try LabeledData.open(root, validation: .fraction(0.1))
            func check(_ problem: String) {
                #expect(problem.contains("data.onBroken: skip leaves them out"), "\(problem)")
                for name in ["a/7.png", "a/11.png", "b/20.png", "b/21.png"] {
                    #expect(problem.contains("\(root)/train/\(name)"), "\(name): \(problem)")
                }
            }
            check(message { _ = try Normalization.measured(on: splits.train, width: 4, height: 4, channels: 3) })
            let normalization = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])
            let plan = TransformPlan(
                width: 4, height: 4, channels: 3, training: [],
                evaluation: [.fit(width: 4, height: 4, filter: .bilinear)],
                normalization: normalization)
            for threads in [0, 2] {
                let loader = BatchLoader(
                    splits.train, transform: try Transform(plan, mode: .evaluation), collator: PlainCollator(),
                    options: LoaderOptions(batchSize: 4, threads: threads))
                check(
                    message {
                        loader.start(epoch: 0)
                        while try loader.next() != nil {}
                    })
            }
        }
    }

    @Test func linkedFoldersAreFollowedOnce() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/d", ["a", "b"], 4)
            try makeClasses("\(root)/more", ["x"], 3)
            try makeLink("\(root)/more/x", at: "\(root)/d/a/more")
            try makeLink("\(root)/more/x", at: "\(root)/d/a/once-more")
            try makeLink("..", at: "\(root)/d/b/up")
            try makeLink(".", at: "\(root)/d/b/self")
            try makeLink("nowhere", at: "\(root)/d/gone")
            let splits = try LabeledData.open("\(root)/d", validation: .nowhere, onBroken: nil)
            #expect(splits.train.count + (splits.test?.count ?? 0) == 11)
            for text in [
                "a/once-more is the folder \(root)/d/a/more", "b/self is", "b/up is",
                "d/gone is a link that leads nowhere",
            ] { #expect(splits.notices.contains { $0.contains(text) }, "\(text): \(splits.notices)") }
            try makeLink("nowhere", at: "\(root)/d/a/lost.png")
            let all = try LabeledData.open("\(root)/d", validation: .nowhere, onBroken: .skip)
            #expect(
                all.notices.contains { $0.contains("lost.png: the file cannot be opened (the link leads nowhere)") })
        }
    }

    @Test func emptyClassFoldersAreNoClasses() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 4)
            try makeClasses("\(root)/test", ["a", "b"], 2)
            try write([], to: "\(root)/train/c/.keep")
            try write([], to: "\(root)/test/c/.keep")
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.classNames == ["a", "b"])
            #expect(splits.notices == ["\(root)/train: 1 folder holds no images and is no class (c)."])
            try makeImages(root, ["test/c/1.png"])
            #expect(
                message { _ = try LabeledData.open(root) }
                    == "\(root)/test/c: this class has 1 image here, but none in the training data.")
            try FileManager.default.removeItem(atPath: "\(root)/train/a")
            try FileManager.default.removeItem(atPath: "\(root)/train/b")
            #expect(
                message { _ = try LabeledData.open(root) }.contains(
                    "train holds no images, expected train/<class>/<image>"))
        }
    }

    @Test(arguments: [
        ("cifar-10-python.tar.gz", "cifar-10-binary.tar.gz"), ("x.zip", "an archive (.zip), so unpack it"),
        ("x.npz", "a NumPy archive"), ("x.h5", "an HDF5 file"), ("x.parquet", "a Parquet file"),
        ("data.yaml", "give the folder that holds the images"),
        ("train-images-idx3-ubyte", "give the folder that holds it"),
        ("x.png", "a single image"),
    ])
    func aFileInPlaceOfAFolderIsNamedForWhatItIs(_ name: String, _ sentence: String) throws {
        try withTemporaryFolder { root in
            try write(Array("content".utf8), to: "\(root)/\(name)")
            let problem = message { _ = try LabeledData.open("\(root)/\(name)") }
            #expect(problem.contains("this is a file, expected") && problem.contains(sentence), "\(problem)")
        }
    }

    @Test func aListWithoutRowsSaysWhatOneLooksLike() throws {
        try withTemporaryFolder { root in
            try write(Array("content".utf8), to: "\(root)/x.csv")
            let problem = message { _ = try LabeledData.open("\(root)/x.csv") }
            #expect(problem.contains("image,label"), "\(problem)")
        }
    }

    @Test(arguments: [
        ("cifar-10-batches-py/data_batch_1", "cifar-10-binary.tar.gz"), ("meta", "holds one file (meta)"),
        ("x/y.npz", "a NumPy archive"),
        ("x.tar.gz", "unpack it"), ("data/train-0.parquet", "a Parquet file"),
    ])
    func aFolderOfOtherDataIsNamedForWhatItIs(_ name: String, _ sentence: String) throws {
        try withTemporaryFolder { root in
            try write([0x80, 2], to: "\(root)/\(name)")
            #expect(message { _ = try LabeledData.open(root) }.contains(sentence))
            #expect(message { _ = try LabeledData.open(root) } != "")
        }
    }

    @Test func contentsAreToldApart() {
        #expect(ContentHash(of: [1, 2, 3]) == ContentHash(of: [1, 2, 3]))
        var seen: Set<ContentHash> = []
        for length in 0..<40 {
            for position in 0..<max(1, length) {
                var bytes = [UInt8](repeating: 0, count: length)
                if length > 0 { bytes[position] = 1 }
                #expect(seen.insert(ContentHash(of: bytes)).inserted, "\(length), \(position)")
            }
        }
    }
}
