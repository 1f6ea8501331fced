import Tensors

extension RunLengthMask {
    /// The mask of the pixels that are not 0.
    /// - Parameter bitmap: row by row [height, width].
    public init(bitmap: [UInt8], size: Pair) {
        require(
            size.height > 0 && size.width > 0 && bitmap.count == size.height * size.width, "RunLengthMask",
            "\(bitmap.count) pixels are not \(size)")
        var runs = RunBuilder()
        bitmap.withUnsafeBufferPointer { pixels in
            for column in 0..<size.width {
                var place = column
                for _ in 0..<size.height {
                    runs.add(1, isObject: pixels[place] != 0)
                    place += size.width
                }
            }
        }
        self = runs.mask(size)
    }

    /// The mask of the pixels of one label.
    public init(_ mask: Mask, label: UInt8) {
        self.init(bitmap: mask.labels.map { $0 == label ? 1 : 0 }, size: mask.size)
    }

    /// 1 for the pixels of the object and 0 for the others, row by row [height, width].
    public var bitmap: [UInt8] {
        var bitmap = [UInt8](repeating: 0, count: size.height * size.width)
        bitmap.withUnsafeMutableBufferPointer { pixels in
            for run in objectRuns {
                // Down the columns from the run's first pixel.
                var (column, row) = run.lowerBound.quotientAndRemainder(dividingBy: size.height)
                for _ in run {
                    pixels[row * size.width + column] = 1
                    row += 1
                    if row == size.height { (row, column) = (0, column + 1) }
                }
            }
        }
        return bitmap
    }

    /// The object as a label map, 1 on it and 0 beside it.
    public var mask: Mask { Mask(size: size, labels: bitmap) }

    /// The object's runs, as places down the columns.
    package var objectRuns: [Range<Int>] {
        var runs: [Range<Int>] = []
        runs.reserveCapacity(counts.count / 2)
        var (place, isObject) = (0, false)
        for count in counts {
            let end = place + Int(count)
            if isObject, count > 0 { runs.append(place..<end) }
            (place, isObject) = (end, !isObject)
        }
        return runs
    }

    /// The smallest box around the object's pixels; all zeros where there are none.
    public var box: Box {
        let height = size.height
        var (top, bottom, left, right) = (height, -1, size.width, -1)
        var (place, isObject) = (0, false)
        for count in counts {
            let end = place + Int(count)
            if isObject, count > 0 {
                let (firstColumn, firstRow) = place.quotientAndRemainder(dividingBy: height)
                let (lastColumn, lastRow) = (end - 1).quotientAndRemainder(dividingBy: height)
                (left, right) = (min(left, firstColumn), max(right, lastColumn))
                if firstColumn == lastColumn {
                    (top, bottom) = (min(top, firstRow), max(bottom, lastRow))
                } else {
                    // A run over the foot of a column touches the whole height.
                    (top, bottom) = (0, height - 1)
                }
            }
            (place, isObject) = (end, !isObject)
        }
        guard right >= 0 else { return Box(left: 0, top: 0, right: 0, bottom: 0) }
        return Box(left: Double(left), top: Double(top), right: Double(right + 1), bottom: Double(bottom + 1))
    }
}
