// Names on pictures: each on a plate of its object's color.
extension ObjectCanvas {
    /// More plates than these hide a picture.
    private static let mostPlates = 200

    /// Writes the objects' names, those of the first objects where there is no room for all.
    mutating func write(_ objects: [DrawnObject]) {
        var taken: [Area] = []
        for object in objects where taken.count < Self.mostPlates {
            guard let box = area(object.box) else { continue }
            // A colon, since a name may be a number, too.
            let texts = [
                [object.name, object.detail].filter { !$0.isEmpty }.joined(separator: ": "), object.detail,
            ]
            for text in texts where !text.isEmpty {
                let letters = PixelFont.letters(text)
                guard let place = place(letters.count, at: box, taken) else { continue }
                plate(letters, place, object.color)
                taken.append(place)
                break
            }
        }
    }

    /// Where a plate hides no other one: above the box, or else within it, below it, or at its right end; nil where
    /// nowhere is room.
    private func place(_ letters: Int, at box: Area, _ taken: [Area]) -> Area? {
        let width = min(scale * (letters * PixelFont.advance + 1), sheet.width)
        let height = min(scale * (PixelFont.height + 2), sheet.height)
        let around = max(1, scale / 2)
        func area(_ x: Int, _ y: Int) -> Area? {
            guard y >= 0, y + height <= sheet.height else { return nil }
            let left = min(max(0, x), sheet.width - width)
            return Area(left: left, top: y, right: left + width, bottom: y + height)
        }
        let (x, end) = (box.left - around, box.right + around - width)
        let candidates = [
            area(x, box.top - around - height), area(end, box.top - around - height), area(x, box.bottom + around),
            area(end, box.bottom + around), area(x + around, box.top), area(x + around, box.bottom - height),
        ]
        return candidates.compactMap { $0 }.first { candidate in taken.allSatisfy { $0.overlap(candidate) == 0 } }
    }

    private mutating func plate(_ letters: [Character], _ place: Area, _ color: Colormap.Color) {
        sheet.fill(x: place.left, y: place.top, width: place.width, height: place.height, color: color)
        let most = max(1, place.width / scale / PixelFont.advance)
        for (index, letter) in letters.prefix(most).enumerated() {
            for (line, dots) in PixelFont.rows(letter).enumerated() {
                for (column, dot) in dots.enumerated() where dot {
                    sheet.fill(
                        x: place.left + scale * (1 + index * PixelFont.advance + column),
                        y: place.top + scale * (1 + line), width: scale, height: scale, color: color.counterpart)
                }
            }
        }
    }
}
