import Datasets
import Foundation
import Tensors
import Testing

/// What is wrong with masks is one sentence that names the file.
struct MaskFaultTests {
    private func problem(_ root: String, _ change: (inout SegmentationDataOptions) -> Void = { _ in }) -> String {
        message { _ = try openMasks(root, change) }
    }

    @Test func unknownValuesAreNamedWithTheirCount() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 6, test: 2)
            try write(MaskFiles.mask([0, 1, 7, 7]), to: "\(root)/train/labels/im3.png")
            try write(MaskFiles.mask([0, 1, 9]), to: "\(root)/train/labels/im4.png")
            let text = problem(root)
            #expect(
                text.hasPrefix(
                    "\(root)/train/labels/im3.png: the value 7 (12 pixels) stands for no class, expected 0, 1, 2 and 255 "
                        + "(ignored)"), "\(text)")
            #expect(text.contains("and so with 1 other mask"))
            #expect(problem(root) { $0.ignore = [7, 9, 255] }.isEmpty)
            let many = (0..<24).map { $0 * 3 }
            try write(MaskFiles.mask(many), to: "\(root)/train/labels/im0.png")
            #expect(problem(root).contains("resized with blending"))
        }
    }

    @Test func masksOfZeroAnd255AreNoticed() throws {
        try withTemporaryFolder { root in
            try MaskFiles.write(4, "\(root)/images", "\(root)/labels", [0, 255])
            func two(_ options: inout SegmentationDataOptions) { options.classNames = ["background", "lesion"] }
            let ignored = problem(root, two)
            #expect(ignored.contains("every pixel of the training masks that counts is of the class background"))
            #expect(ignored.contains("data.labelValues is [0, 255]"))
            #expect(
                problem(root) {
                    two(&$0)
                    $0.ignore = []
                }.contains("the value 255 (12 pixels) stands for no class"))
            #expect(
                problem(root) {
                    two(&$0)
                    $0.labelValues = [0, 255]
                }.isEmpty)
        }
    }

    @Test func sizesMustAgree() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 4, test: 2)
            try write(MaskFiles.mask([0, 1], Pair(5, 6)), to: "\(root)/train/labels/im1.png")
            let text = problem(root)
            #expect(text.hasPrefix("\(root)/train/labels/im1.png: the mask has 5 x 6 pixels"), "\(text)")
            #expect(text.contains("its image \(root)/train/images/im1.png has 4 x 6") && !text.contains("EXIF"))
            try write(MaskFiles.mask([0, 1]), to: "\(root)/train/labels/im1.png")
            try write(MaskFiles.image(orientation: 6), to: "\(root)/train/images/im1.png")
            #expect(problem(root).contains("turned by a quarter they agree"))
        }
    }

    @Test func filesWithoutAPartnerAreNamed() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 5, test: 2)
            for index in [1, 2, 3] {
                try FileManager.default.removeItem(atPath: "\(root)/train/labels/im\(index).png")
            }
            let text = problem(root)
            #expect(
                text.hasPrefix("\(root)/train/images/im1.png: this image has no mask (and so do 2 other images)"),
                "\(text)")
            #expect(text.contains("expected \(root)/train/labels/im1.png"))
            for index in [1, 2, 3] {
                try FileManager.default.removeItem(atPath: "\(root)/train/images/im\(index).png")
            }
            try write(MaskFiles.mask([0]), to: "\(root)/train/labels/alone.png")
            #expect(problem(root).hasPrefix("\(root)/train/labels/alone.png: this mask has no image, expected"))
            try write(MaskFiles.image(), to: "\(root)/train/images/alone.png")
            try write(MaskFiles.image(), to: "\(root)/train/images/alone.jpg")
            #expect(problem(root).contains("this and alone.jpg have the same name but for the ending"))
            try write(MaskFiles.image(), to: "\(root)/other/labels/x.png")
            #expect(problem("\(root)/other").contains("labels has no folder of images beside it"))
            #expect(problem("\(root)/none").contains("this does not exist, expected the word scenes or a folder"))
        }
    }

    @Test func classesMustBeSaidOnce() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 4, test: 2, classes: nil)
            #expect(problem(root).contains("nothing says which classes there are, expected a file classes.txt"))
            #expect(problem(root) { $0.classNames = [] }.contains("names no class"))
            #expect(problem(root) { $0.classNames = (0..<255).map(String.init) }.contains("at most 254"))
            #expect(
                problem(root) { ($0.classNames, $0.labelValues) = (["a", "b"], [0, 1, 2]) }.contains("expected as many")
            )
            #expect(
                problem(root) { ($0.labelValues, $0.colors) = ([0, 1], [[0, 0, 0], [1, 1, 1]]) }.contains("one of them")
            )
            #expect(problem(root) { $0.labelValues = [0, 1, 1] }.contains("the mask value 1 is that of two classes"))
            #expect(problem(root) { ($0.classNames, $0.ignore) = (["a", "b", "c"], [2]) }.contains("ignored as well"))
            #expect(problem(root) { $0.labelValues = [0, 70000] }.contains("expected 0 to 65535"))
            #expect(problem(root) { $0.colors = [[0, 0]] }.contains("expected three (red, green, blue)"))
            for text in ["", "0 a\nb\n1 c\n", "a\na\n"] {
                try write(Array(text.utf8), to: "\(root)/classes.txt")
                #expect(problem(root).hasPrefix("\(root)/classes.txt: "), "\(text)")
            }
        }
    }

    @Test func brokenFilesAreNamedOrLeftOut() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 8, test: 3)
            try write(Array(MaskFiles.mask([0, 1]).prefix(50)), to: "\(root)/train/labels/im2.png")
            try write(Array(MaskFiles.image().prefix(45)), to: "\(root)/train/images/im5.png")
            #expect(problem(root).hasPrefix("\(root)/train/labels/im2.png: the image is truncated or corrupt"))
            let splits = try openMasks(root) { ($0.onBroken, $0.validation) = (.skip, .nowhere) }
            #expect(splits.train.count == 6 && splits.test?.count == 3)
            let names = (0..<6).map { splits.train.name($0) }
            #expect(!names.contains { $0.hasSuffix("im2.png") || $0.hasSuffix("im5.png") })
            #expect(
                splits.notices.count { $0.hasPrefix("left out: \(root)/train/images/im") } == 2, "\(splits.notices)")
            #expect(try splits.train.annotation(2).labels.prefix(3) == [0, 1, 2])
        }
    }
}
