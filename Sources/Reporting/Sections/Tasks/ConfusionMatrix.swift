/// Which classes are taken for which, as `report/result.json` holds it: only the pairs that occur.
struct ConfusionMatrix {
    struct Cell {
        let actual: Int
        let predicted: Int
        /// Images, or pixels.
        let count: Int
    }

    let names: [String]
    let cells: [Cell]
    /// [class]: images or pixels of it, those that were recognised, those taken for it.
    private(set) var counts: [Int]
    private(set) var correct: [Int]
    private(set) var predicted: [Int]

    var classes: Int { counts.count }

    init?(_ record: RunRecord) {
        guard let result = record.result, let triples = result["confusion"]?.arrayValue,
            let classes = result["classes"]?.integerValue, (1...100_000).contains(classes)
        else { return nil }
        // Pixels of a large data set are more than 32 bits count. All sums stay below 2^61: a file may hold anything.
        var total = 0
        let cells = triples.compactMap { triple -> Cell? in
            let numbers = (triple.arrayValue ?? []).compactMap(\.integerValue)
            guard numbers.count == 3, (0..<classes).contains(numbers[0]), (0..<classes).contains(numbers[1]),
                (0...1 << 52).contains(numbers[2]), total < 1 << 60
            else { return nil }
            total += numbers[2]
            return Cell(actual: numbers[0], predicted: numbers[1], count: numbers[2])
        }
        let known = record.classNames
        self.init(names: (0..<classes).map { $0 < known.count ? known[$0] : "class \($0)" }, cells: cells)
    }

    /// - Parameter cells: of classes that have names; all counts together are below 2^61.
    init(names: [String], cells: [Cell]) {
        (self.names, self.cells) = (names, cells)
        counts = Array(repeating: 0, count: names.count)
        correct = counts
        predicted = counts
        for cell in cells {
            counts[cell.actual] += cell.count
            predicted[cell.predicted] += cell.count
            if cell.actual == cell.predicted { correct[cell.actual] += cell.count }
        }
    }

    /// The share of the true class that a cell is.
    func share(_ cell: Cell) -> Double { Double(cell.count) / Double(max(1, counts[cell.actual])) }

    /// All images or pixels.
    var total: Int { counts.reduce(0, +) }

    /// Those that are taken for another class.
    var wrong: Int { total - correct.reduce(0, +) }

    /// The share of a class's images that were recognised; nil for a class without images.
    func recall(_ label: Int) -> Double? {
        counts[label] > 0 ? Double(correct[label]) / Double(counts[label]) : nil
    }

    /// The share of images taken for a class that are of it; nil when none was.
    func precision(_ label: Int) -> Double? {
        predicted[label] > 0 ? Double(correct[label]) / Double(predicted[label]) : nil
    }

    /// A pixel per pair of classes: the darker, the larger the share of the true class. Nil for more classes than a picture
    /// with a pixel for each pair can show.
    var sheet: PixelSheet? {
        guard (1...4096).contains(classes) else { return nil }
        var sheet = PixelSheet(width: classes, height: classes, channels: 3)
        for cell in cells { sheet.set(cell.predicted, cell.actual, Colormap.sequential(share(cell).squareRoot())) }
        return sheet
    }

    /// The pairs of different classes, the most frequent first.
    var mistakes: [Cell] {
        cells.filter { $0.actual != $0.predicted && $0.count > 0 }.sorted {
            ($1.count, $0.actual, $0.predicted) < ($0.count, $1.actual, $1.predicted)
        }
    }
}
