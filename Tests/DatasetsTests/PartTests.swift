import Datasets
import Foundation
import Testing

/// Which folders are which part, and what is said about it.
struct PartTests {
    private func counts(_ splits: DatasetSplits<ClassLabel>) -> [Int?] {
        [splits.train.count, splits.validation?.count, splits.test?.count]
    }

    private func hasNotice(_ splits: DatasetSplits<ClassLabel>, _ text: String) -> Bool {
        splits.notices.contains { $0.contains(text) }
    }

    @Test(arguments: [
        ["train", "val", "test"], ["Train", "Valid", "Test"], ["TRAINING", "VALIDATION", "TESTING"],
        ["training_set", "dev-set", "test set"], ["trainImages", "valImages", "testImages"],
        ["seg_train", "seg_dev", "seg_test"], ["train2017", "val2017", "test2017"], ["train", "eval", "holdout"],
    ])
    func partsGoByTheirUsualNames(_ names: [String]) throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/\(names[0])", ["a", "b"], 10)
            try makeClasses("\(root)/\(names[1])", ["a", "b"], 3)
            try makeClasses("\(root)/\(names[2])", ["a", "b"], 2)
            let splits = try LabeledData.open(root)
            #expect(counts(splits) == [20, 6, 4])
            #expect(splits.classNames == ["a", "b"])
        }
    }

    @Test(arguments: ["val", "valid", "Validation", "dev"])
    func aValidationPartIsNeverTheTestPart(_ name: String) throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 10)
            try makeClasses("\(root)/\(name)", ["a", "b"], 3)
            let splits = try LabeledData.open(root)
            #expect(counts(splits) == [20, 6, nil])
            #expect(hasNotice(splits, "no test part (test: none), so the results are of its validation part"))
            #expect(
                splits.summary == "20 training, 6 validation images, 2 classes (test: none, results are of validation)")
            // What is said by hand holds, with a word about the part that is not used.
            let drawn = try LabeledData.open(root, validation: .fraction(0.2))
            #expect(counts(drawn) == [16, 4, nil])
            #expect(hasNotice(drawn, "is not used, since data.validation is 0.2"))
            let named = try LabeledData.open(root, validation: .folder(name))
            #expect(counts(named) == [20, 6, nil])
            let none = try LabeledData.open(root, validation: .nowhere)
            #expect(counts(none) == [20, nil, nil])
            #expect(hasNotice(none, "nothing but the training images is measured"))
        }
    }

    @Test func noFolderIsTwoParts() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 4)
            try makeClasses("\(root)/test", ["a", "b"], 2)
            for name in ["test", "./test", "\(root)/train/../test", "train"] {
                let problem = message { _ = try LabeledData.open(root, validation: .folder(name)) }
                #expect(problem.contains("no folder can be two parts"), "\(name): \(problem)")
            }
            try makeLink("test", at: "\(root)/val")
            #expect(
                message { _ = try LabeledData.open(root) }.contains("no folder can be two parts, here the test part"))
            try FileManager.default.removeItem(atPath: "\(root)/val")
            try FileManager.default.removeItem(atPath: "\(root)/test/a")
            try makeLink("../train/a", at: "\(root)/test/a")
            #expect(
                message { _ = try LabeledData.open(root) }.contains(
                    "\(root)/test/a: this is the folder \(root)/train/a"))
        }
    }

    @Test func twoFoldersForOnePartAreNamed() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 4)
            try makeClasses("\(root)/Training", ["a", "b"], 4)
            #expect(
                message { _ = try LabeledData.open(root) }.contains("Training and train both name the training part"))
            try FileManager.default.removeItem(atPath: "\(root)/Training")
            try makeClasses("\(root)/val", ["a", "b"], 4)
            try makeClasses("\(root)/valid", ["a", "b"], 4)
            #expect(message { _ = try LabeledData.open(root) }.contains("val and valid both name the validation part"))
        }
    }

    @Test func aClassMayBeCalledLikeAPart() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/x", ["train", "bus"], 10)
            let vehicles = try LabeledData.open("\(root)/x", validation: .nowhere)
            #expect(vehicles.classNames == ["bus", "train"])
            #expect(hasNotice(vehicles, "train holds images and no class folders, so it is a class beside bus"))
            try makeClasses("\(root)/y", ["valid", "invalid"], 10)
            #expect(try LabeledData.open("\(root)/y").classNames == ["invalid", "valid"])
        }
    }

    @Test func foldersThatCanBeNeitherAreErrors() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/x", ["train", "test"], 3)
            #expect(message { _ = try LabeledData.open("\(root)/x") }.contains("expected train/<class>/<image>"))
            try makeClasses("\(root)/y", ["a", "b", "test/a", "test/b"], 3)
            #expect(message { _ = try LabeledData.open("\(root)/y") }.contains("a, b lie beside the test part test"))
            try makeClasses("\(root)/z/test", ["a", "b"], 3)
            #expect(
                message { _ = try LabeledData.open("\(root)/z") }.contains(
                    "there is no training part beside the test part"))
        }
    }

    @Test func anArchiveUnpackedTooDeepIsFound() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/x/archive/flowers", ["a", "b"], 10)
            try makeImages("\(root)/x/__MACOSX", ["flowers/a/1.png"])
            let splits = try LabeledData.open("\(root)/x")
            #expect(splits.classNames == ["a", "b"])
            #expect(hasNotice(splits, "so the data set is read from \(root)/x/archive/flowers"))
            try makeClasses("\(root)/y/one/train/train", ["a", "b"], 10)
            try makeClasses("\(root)/y/one/test/test", ["b", "a"], 3)
            let parts = try LabeledData.open("\(root)/y")
            #expect(counts(parts) == [18, 2, 6])
            #expect(hasNotice(parts, "the classes of \(root)/y/one/test are read from \(root)/y/one/test/test"))
        }
    }

    @Test func oneClassTeachesNothing() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/x", ["a"], 10)
            let splits = try LabeledData.open("\(root)/x")
            #expect(
                try splits.oneClassProblem("d")?.hasPrefix("d has one class only, a, with 8 training images") == true)
            try makeImages("\(root)/y", ["flowers/cover.png", "flowers/rose/1.png", "flowers/tulip/1.png"])
            let nested = try LabeledData.open("\(root)/y").oneClassProblem("d")
            #expect(nested?.contains("is \(root)/y/flowers the folder with the classes (rose, tulip)?") == true)
            #expect(try LabeledData.open("digits").oneClassProblem("digits") == nil)
            try makeImages("\(root)/z", ["a/1/x.png", "a/2/x.png", "b/1/x.png"])
            #expect(try hasNotice(LabeledData.open("\(root)/z"), "no class folder of \(root)/z holds images directly"))
        }
    }

    @Test(arguments: ["test", "test/test", "test/images", "test/unknown"])
    func aPartWithoutLabelsIsNotUsed(_ name: String) throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/train", ["a", "b"], 10)
            try makeImages(root, (0..<3).map { "\(name)/\($0).png" })
            let splits = try LabeledData.open(root)
            #expect(counts(splits) == [16, 2, 2])
            #expect(hasNotice(splits, "without labels"))
            #expect(hasNotice(splits, "so 2 of its 20 images (a tenth of each class) are held out"))
            try makeClasses("\(root)/val", ["a", "b"], 2)
            #expect(try counts(LabeledData.open(root)) == [20, 4, nil])
        }
    }

    @Test func classesAreMatchedByName() throws {
        try withTemporaryFolder { root in
            // The same name, composed and decomposed: as Linux and as macOS write it.
            try makeClasses("\(root)/train", ["caf\u{E9}", "tea", "water"], 4)
            try makeClasses("\(root)/test", ["cafe\u{301}", "water"], 2)
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(try splits.test?.classCounts() == [2, 0, 2])
            #expect(hasNotice(splits, "\(root)/test has no images of 1 of the 3 classes (tea)"))
            try makeClasses("\(root)/train", ["cafe\u{301}"], 3)
            let merged = try LabeledData.open(root, validation: .nowhere)
            #expect(try merged.train.classCounts() == [7, 4, 4])
            #expect(hasNotice(merged, "are one name in two spellings of Unicode"))
            try makeClasses("\(root)/test", ["Tea"], 2)
            let problem = message { _ = try LabeledData.open(root) }
            #expect(
                problem.contains("test/Tea: this class does not occur in the training data, the nearest there is tea"))
        }
    }

    @Test func namesThatAreNotUTF8AreReadAndShown() throws {
        try withTemporaryFolder { root in
            for part in ["train", "test"] {
                try makeClasses("\(root)/\(part)", ["x", "tea"], 4)
                // A file system may refuse such names; then there is nothing to read.
                guard renameToBytes("\(root)/\(part)/x", "\(root)/\(part)", [0x63, 0xE9]) else { return }
            }
            #expect(renameToBytes("\(root)/train/tea/0.png", "\(root)/train/tea", [0xFC, 0x2E, 0x70, 0x6E, 0x67]))
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.classNames == ["c\\xE9", "tea"])
            #expect(try splits.train.classCounts() == [4, 4] && splits.test?.classCounts() == [4, 4])
            for i in 0..<8 { #expect(try splits.train.image(i) == Golden.image("rgb.png")) }
            #expect((0..<8).contains { splits.train.name($0) == "\(root)/train/tea/\\xFC.png" })
            #expect(hasNotice(splits, "not UTF-8, so the classes are called c\\xE9"))
        }
    }

    @Test func smallDataIsToldWithFigures() throws {
        try withTemporaryFolder { root in
            try makeClasses(root, ["a", "b", "c"], 1)
            let splits = try LabeledData.open(root)
            #expect(counts(splits) == [3, nil, nil])
            #expect(hasNotice(splits, "none of its 3 classes has two images (3 images in all)"))
            #expect(hasNotice(splits, "so there is no validation part"))
            #expect(hasNotice(splits, "3 of the 3 classes of \(root) have a single training image (a, b, c)"))
        }
    }

    @Test func partsAreOpenedOneByOne() throws {
        try withTemporaryFolder { root in
            try makeClasses("\(root)/x", ["a", "b"], 10)
            let all = try LabeledData.openPart("\(root)/x", isTrainedOn: false)
            #expect(all.dataset.count == 20 && all.choice == .all)
            #expect(all.notices.contains { $0.contains("so all its 20 images are measured") })
            let held = try LabeledData.openPart("\(root)/x", isTrainedOn: true)
            #expect(held.dataset.count == 2 && held.notices.contains { $0.contains("held out as the test set") })
            #expect(try LabeledData.openPart("\(root)/x", .all).dataset.count == 20)
            #expect(try LabeledData.openPart("\(root)/x", .train).dataset.count == 16)
            #expect(try LabeledData.openPart("\(root)/x", .validation).dataset.count == 2)
            try makeClasses("\(root)/y/train", ["a", "b"], 10)
            try makeClasses("\(root)/y/val", ["a", "b"], 3)
            #expect(try LabeledData.openPart("\(root)/y").choice == .validation)
            #expect(
                message { _ = try LabeledData.openPart("\(root)/y", .test) }.contains(
                    "expected one of train, validation"))
            #expect(message { _ = try LabeledData.openPart("\(root)/y", .all) }.contains("divided into parts"))
            try makeClasses("\(root)/z/test", ["a", "b"], 3)
            #expect(try LabeledData.openPart("\(root)/z").dataset.count == 6)
        }
    }
}
