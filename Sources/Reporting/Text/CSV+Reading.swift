extension CSV {
    /// The cells of each row; line ends may be of any kind, and empty lines are passed over.
    /// - Returns: nil where a quotation mark is never closed.
    package static func rows(_ bytes: some Sequence<UInt8>) -> [[String]]? {
        var rows: [[String]] = []
        var row: [String] = []
        var cell: [UInt8] = []
        var (isQuoted, wasQuoted, sawQuote) = (false, false, false)
        func text() -> String { String(decoding: cell, as: UTF8.self) }
        func endCell() {
            row.append(text())
            cell.removeAll(keepingCapacity: true)
            wasQuoted = false
        }
        func endRow() {
            if row.isEmpty, cell.isEmpty, !wasQuoted { return }
            endCell()
            rows.append(row)
            row.removeAll(keepingCapacity: true)
        }
        for byte in bytes {
            if isQuoted {
                if sawQuote {
                    sawQuote = false
                    if byte == UInt8(ascii: "\"") {
                        cell.append(byte)
                        continue
                    }
                    isQuoted = false
                } else if byte == UInt8(ascii: "\"") {
                    sawQuote = true
                    continue
                } else {
                    cell.append(byte)
                    continue
                }
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.isEmpty: (isQuoted, wasQuoted) = (true, true)
            case UInt8(ascii: ","): endCell()
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): endRow()
            default: cell.append(byte)
            }
        }
        guard !isQuoted || sawQuote else { return nil }
        endRow()
        return rows
    }
}
