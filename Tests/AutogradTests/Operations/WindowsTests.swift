import Autograd
import Tensors
import TestSupport
import Testing

private struct Cut: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [
            x[0].windows(Pair(2, 3)), x[0].rolled(rows: 5, columns: -2),
            x[0].permutedWindows(Pair(4, 3), rows: [1, 0], columns: [2, 0, 3, 1]),
        ]
    }
}

@Suite struct WindowsTests {
    /// A map whose every pixel is its own number.
    private func map(_ height: Int, _ width: Int) -> Variable<Float> {
        Variable(Tensor([1, height, width, 1], (0..<height * width).map { Float($0) }))
    }

    @Test func windowsFollowEachOtherRowByRow() {
        let windows = map(4, 4).windows(2)
        #expect(windows.shape == [4, 4, 1])
        #expect(windows.value.array == [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15])
        #expect(map(2, 6).windows(Pair(1, 3)).value.array == (0..<12).map { Float($0) })
    }

    @Test func whatLeavesARolledMapComesInOnTheOtherSide() {
        #expect(map(2, 3).rolled(rows: 1, columns: 0).value.array == [3, 4, 5, 0, 1, 2])
        #expect(map(2, 3).rolled(rows: 0, columns: 1).value.array == [2, 0, 1, 5, 3, 4])
        #expect(map(2, 3).rolled(rows: -3, columns: -2).value.array == [5, 3, 4, 2, 0, 1])
        #expect(map(2, 3).rolled(rows: 2, columns: 3).value.array == map(2, 3).value.array)
    }

    @Test func permutedWindowsAreThoseThatTheListsName() {
        let x = map(2, 4).permutedWindows(Pair(1, 2), rows: [0, 1], columns: [1, 0])
        #expect(x.value.array == [2, 3, 0, 1, 6, 7, 4, 5])
        // A cycle of three is not its own inverse, so this tells sources from targets.
        #expect(map(3, 1).permutedWindows(1, rows: [1, 2, 0], columns: [0]).value.array == [1, 2, 0])
    }

    @Test(arguments: [1, 3, 4, 16, 33])
    func inversesGiveTheMapBack(channels: Int) {
        let x = Variable(operands([[3, 6, 8, channels]])[0])
        let size = Pair(3, 2)
        #expect(x.windows(size).joined(windows: size, height: 6, width: 8).value.array == x.value.array)
        #expect(x.rolled(rows: 2, columns: 5).rolled(rows: -2, columns: -5).value.array == x.value.array)
        let there = x.permutedWindows(size, rows: [1, 0], columns: [2, 0, 3, 1])
        #expect(there.permutedWindows(size, rows: [1, 0], columns: [1, 3, 0, 2]).value.array == x.value.array)
    }

    @Test(arguments: [1, 5, 96])
    func bothPrecisionsAgreeOnAnyThreads(channels: Int) {
        let input: Shape = [9, 8, 12, channels]
        #expect(Cut().largestError([input]) < 1e-7)
        #expect(Cut().threadViolations([input]) == [])
    }
}
