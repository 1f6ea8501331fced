import Datasets
import Foundation
import Tensors
import Testing

/// Writes a list and the images that it names.
private func makeList(_ root: String, _ text: String, images: [String]? = nil) throws -> String {
    let names =
        images
        ?? text.split(separator: "\n").dropFirst().compactMap { $0.split(separator: ",").first.map(String.init) }
    try makeImages(root, names)
    try write(Array(text.utf8), to: "\(root)/labels.csv")
    return "\(root)/labels.csv"
}

private func openSets(
    _ path: String, _ change: (inout ListOptions) -> Void = { _ in }
) throws -> DatasetSplits<ClassSet> {
    var options = ListOptions(path: path)
    options.validation = .nowhere
    change(&options)
    return try ListedData.open(options, of: ClassSet.self)
}

private func openNumbers(_ path: String, columns: [String]? = nil) throws -> DatasetSplits<Quantities> {
    var options = ListOptions(path: path)
    (options.validation, options.columns) = (.nowhere, columns)
    return try ListedData.open(options, of: Quantities.self)
}

@Suite struct ListTests {
    private let divided = """
        image,label,part,weight
        a/1.png,dog,train,2
        a/2.png,cat,train,0.5
        "a/3, large.png",dog,train,1
        4.png,cat,val,1
        5.png,dog,Test,1

        """

    @Test func aListTellsClassesPartsAndWeights() throws {
        try withTemporaryFolder { root in
            let images = ["a/1.png", "a/2.png", "a/3, large.png", "4.png", "5.png"]
            let path = try makeList(root, "\u{FEFF}" + divided.replacing("\n", with: "\r\n"), images: images)
            let splits = try LabeledData.open(path)
            #expect(splits.format == "list of images (CSV)" && splits.classNames == ["cat", "dog"])
            #expect(try splits.train.labels() == [1, 0, 1])
            let found1 = try (0..<3).map { try splits.train.annotation($0).weight }
            #expect(found1 == [2, 0.5, 1])
            #expect(splits.train.name(2) == "\(root)/a/3, large.png")
            #expect(splits.validation?.count == 1 && splits.test?.name(0) == "\(root)/5.png")
            #expect(try splits.train.image(0).pixels == Golden.image("rgb.png").pixels)
            #expect(try LabeledData.openPart(path, .test).dataset.count == 1)
        }
    }

    @Test func withoutPartsATenthOfEachClassIsHeldOutForTest() throws {
        try withTemporaryFolder { root in
            let rows = (0..<40).map { "\($0).png,\($0 < 20 ? "a" : "b")" }
            let path = try makeList(root, "image,label\n" + rows.joined(separator: "\n"))
            let splits = try LabeledData.open(path, validation: .fraction(0.25))
            #expect(try splits.test?.classCounts() == [2, 2])
            #expect(try splits.validation?.classCounts() == [5, 5])
            #expect(splits.train.count + (splits.validation?.count ?? 0) + (splits.test?.count ?? 0) == 40)
            // Folds take their share of every class, and every image is in one.
            var tested: [String] = []
            for fold in 1...4 {
                var options = ListOptions(path: path)
                (options.folds, options.fold) = (4, fold)
                let test = try #require(try LabeledData.open(options, packedMegabytes: 1).test)
                #expect(try test.classCounts() == [5, 5])
                tested += (0..<test.count).map { test.name($0) }
            }
            #expect(Set(tested).count == 40)
        }
    }

    @Test func labelsThatAreNumbersAreInTheirOrderAndMayStandForGivenNames() throws {
        try withTemporaryFolder { root in
            let path = try makeList(root, "image,label\n1.png,10\n2.png,2\n3.png,0\n")
            var options = ListOptions(path: path)
            options.validation = .nowhere
            func labels() throws -> [Int] {
                try LabeledData.openPart(options, .all, isTrainedOn: true, packedMegabytes: 1).dataset.labels()
            }
            #expect(try LabeledData.open(options, packedMegabytes: 1).classNames == ["0", "2", "10"])
            options.classNames = (0..<11).map { "class \($0)" }
            #expect(try labels() == [10, 2, 0])
            options.classNames = ["10", "0", "2"]
            #expect(try labels() == [0, 2, 1])
            options.classNames = ["10", "0"]
            #expect(
                message { _ = try LabeledData.open(options, packedMegabytes: 1) }
                    .contains("line 3: the class '2' is none of data.classNames"))
        }
    }

    @Test(arguments: [
        ("image,label\n", "a header and no other row"), ("", "no rows"),
        ("imag,label\n1.png,a", "line 1: the header (imag, label) names no column image (is it 'imag'?)"),
        ("image;label\n1.png;a", "the cells are divided by semicolons, expected commas"),
        ("image,label,label\n1.png,a,a", "two columns are called 'label'"),
        ("image,class\n1.png,a", "nothing called 'label' is said of the images (there is class)"),
        ("image,label\n1.png,a\n\n2.png", "line 4: 1 cell, but the header has 2 (image, label)"),
        ("image,label\n1.png,", "line 2: there is no label, expected a class"),
        ("image,label\n1.png,\"a", "a quotation mark is never closed"),
        ("image,label,part\n1.png,a,train\n2.png,b,rest", "line 3: the part is 'rest', expected train, validation"),
        (
            "image,label,part\n1.png,cat,train\n2.png,cot,val",
            "line 3: the class 'cot' does not occur in the training data, "
                + "the nearest there is 'cat'"
        ),
        ("image,label,part\n1.png,a,train\n1.png,a,val", "line 3: "),
        ("image,label,part\n1.png,a,val\n2.png,a,test", "none of the 2 images is a training image"),
        ("image,label,weight\n1.png,a,-1\n2.png,b,1", "line 2: the weight '-1' is no number from 0 on"),
        ("image,label,weight\n1.png,a,0\n2.png,b,0", "the weight of every training image is 0"),
    ])
    func whatIsWrongIsToldWithFileAndLine(_ text: String, _ sentence: String) throws {
        try withTemporaryFolder { root in
            let path = try makeList(root, text, images: ["1.png", "2.png"])
            let found = message { _ = try LabeledData.open(path) }
            #expect(found.hasPrefix(path) && found.contains(sentence), "\(found)")
        }
    }

    @Test func imagesThatAreMissingOrBrokenAreNamedWithTheirLine() throws {
        try withTemporaryFolder { root in
            let rows = (1...12).map { "\($0).png,\($0 % 2)" }
            let text = "image,label\n" + rows.joined(separator: "\n") + "\ngone.png,1\n"
            let path = try makeList(root, text, images: (1...12).map { "\($0).png" })
            let found = message { _ = try LabeledData.open(path) }
            #expect(found.contains("line 14: the image \(root)/gone.png does not exist"), "\(found)")
            let splits = try LabeledData.open(path, validation: .nowhere, onBroken: .skip)
            #expect(splits.notices.contains { $0.contains("gone.png") && $0.contains("line 14") })
            try write(Array("no image".utf8), to: "\(root)/gone.png")
            let part = try LabeledData.openPart(path, .all, onBroken: nil).dataset
            #expect(message { _ = try part.image(12) }.contains("(line 14 of \(path))"))
        }
    }

    @Test func anotherListMayBeTheValidationPart() throws {
        try withTemporaryFolder { root in
            let path = try makeList(root, "image,label\n1.png,a\n2.png,b\n")
            try makeImages(root, ["3.png"])
            try write(Array("image,label\n3.png,b\n".utf8), to: "\(root)/val.csv")
            try write(Array("image,label\n2.png,b\n".utf8), to: "\(root)/leak.csv")
            let splits = try LabeledData.open(path, validation: .folder("val.csv"))
            #expect(try splits.validation?.labels() == [1])
            #expect(
                message { _ = try LabeledData.open(path, validation: .folder("leak.csv")) }
                    .contains("line 2: \(root)/2.png is listed in"))
            #expect(
                message { _ = try LabeledData.open(path, validation: .folder("no.csv")) }.contains("there is no list"))
        }
    }

    @Test func imagesMayHaveSeveralClassesOrNone() throws {
        try withTemporaryFolder { root in
            let path = try makeList(
                root, "image,label,part\n1.png,b|a,train\n2.png,,train\n3.png, c | a,train\n4.png,b,val\n")
            let splits = try openSets(path)
            #expect(splits.classNames == ["a", "b", "c"])
            let found2 = try (0..<3).map { try splits.train.annotation($0).indices }
            #expect(found2 == [[0, 1], [], [0, 2]])
            let given = try openSets(path) { $0.classNames = ["c", "b", "a"] }
            let found3 = try (0..<3).map { try given.train.annotation($0).indices }
            #expect(found3 == [[1, 2], [], [0, 2]])
            try write(Array("image,label\n1.png,a||b\n".utf8), to: path)
            #expect(message { _ = try openSets(path) }.contains("line 2: a class has no name in 'a||b'"))
        }
    }

    @Test func aColumnForEachClassIsTheSame() throws {
        try withTemporaryFolder { root in
            let path = try makeList(root, "image,dog,weight,cat\n1.png,1,2,0\n2.png,0,1,0\n3.png,1,0.5,1\n")
            let splits = try openSets(path)
            let all = splits.test.map { [splits.train, $0] } ?? [splits.train]
            #expect(splits.classNames == ["dog", "cat"] && all.reduce(0) { $0 + $1.count } == 3)
            let part = try ListedData.openPart(ListOptions(path: path), of: ClassSet.self, .all, isTrainedOn: true)
                .dataset
            let sets = try (0..<3).map { try part.annotation($0) }
            #expect(
                sets == [ClassSet([0], weight: 2), ClassSet([], weight: 1), ClassSet([0, 1], weight: 0.5)])
            try write(Array("image,dog,cat\n1.png,1,yes\n".utf8), to: path)
            #expect(message { _ = try openSets(path) }.contains("line 2: the column 'cat' has 'yes', expected 0 or 1"))
        }
    }

    @Test func columnsOfNumbersAreRead() throws {
        try withTemporaryFolder { root in
            let path = try makeList(root, "image,age,note,height,part\n1.png,3.5,x,1e2,train\n2.png,-4,y,7,test\n")
            let splits = try openNumbers(path, columns: ["height", "age"])
            #expect(splits.classNames == ["height", "age"])
            #expect(
                try splits.train.annotation(0).values == [100, 3.5] && splits.test?.annotation(0).values == [7, -4])
            #expect(
                message { _ = try openNumbers(path) }
                    .contains("line 2: the column 'note' is 'x', expected a number (data.targets chooses the columns)"))
            #expect(
                message { _ = try openNumbers(path, columns: ["agee"]) }
                    .contains(
                        "nothing called 'agee' is said of the images (there is age, note, height), the nearest is 'age'"
                    ))
        }
    }

    @Test func linesAreCountedThroughQuotesAndEndsOfAnyKind() {
        let rows = CommaSeparated.rows(Array("a,b\r\n\"x\ny\",\"\"\"q\"\"\"\r\n\r\n,\rlast,\"\"".utf8))
        #expect(rows?.map(\.cells) == [["a", "b"], ["x\ny", "\"q\""], ["", ""], ["last", ""]])
        #expect(rows?.map(\.line) == [1, 2, 5, 6])
        #expect(CommaSeparated.rows(Array("\"a".utf8)) == nil && CommaSeparated.rows([]) == [])
    }
}
