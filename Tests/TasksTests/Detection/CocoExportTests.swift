import Datasets
import JSON
import Reporting
import Tasks
import Tensors
import Testing

/// Objects of data as COCO's files and as pictures.
@Suite struct CocoExportTests {
    /// 4 x 3 pixels; the mask covers the middle two columns of the lower two rows.
    private let size = Pair(3, 4)

    private var objects: Instances {
        Instances(
            size: size,
            items: [
                Instance(
                    box: Box(left: 1, top: 1, right: 3, bottom: 3), classIndex: 1, area: 4,
                    mask: Mask(size: size, labels: [0, 0, 255, 0, 0, 1, 1, 0, 0, 1, 1, 0])),
                Instance(
                    box: Box(left: 0, top: 0, right: 2.5, bottom: 1), classIndex: 0,
                    polygons: [Polygon([Point(0, 0), Point(2.5, 0), Point(2.5, 1), Point(0, 1)])]),
                Instance(box: Box(left: 0, top: 0, right: 4, bottom: 3), classIndex: 1, isCrowd: true),
            ])
    }

    @Test func objectsAreWrittenAsCocoHasThem() throws {
        var export = CocoExport(names: ["cat", "dog"], identifiers: [7, 90])
        export.add("a.png", identifier: 31, objects)
        export.add("b.png", Instances(size: Pair(2, 2), items: []))
        let file = try JSONValue(parsing: export.json.text())
        #expect(
            file["images"] == [
                ["id": 31, "file_name": "a.png", "width": 4, "height": 3],
                ["id": 2, "file_name": "b.png", "width": 2, "height": 2],
            ])
        #expect(file["categories"] == [["id": 7, "name": "cat"], ["id": 90, "name": "dog"]])
        let entries = try #require(file["annotations"]?.arrayValue)
        #expect(entries.compactMap { $0["id"]?.integerValue } == [1, 2, 3])
        #expect(entries.allSatisfy { $0["image_id"] == 31 })
        #expect(entries.compactMap { $0["category_id"]?.integerValue } == [90, 7, 90])
        #expect(entries.compactMap { $0["iscrowd"]?.integerValue } == [0, 0, 1])
        #expect(entries[1]["bbox"]?.arrayValue?.compactMap(\.doubleValue) == [0, 0, 2.5, 1])
        #expect(entries[1]["area"]?.doubleValue == 2.5)
        // Down the columns: 3 + 1 free, 2 covered, 1 free, 2 covered, 3 free; ignored pixels are not of the object.
        #expect(entries[0]["segmentation"] == ["size": [3, 4], "counts": [4, 2, 1, 2, 3]])
        let outline = entries[1]["segmentation"]?.arrayValue?.first?.arrayValue ?? []
        #expect(outline.compactMap(\.doubleValue) == [0, 0, 2.5, 0, 2.5, 1, 0, 1])
        #expect(entries[2]["segmentation"] == [])
    }

    @Test func objectsAreDrawnInTheColorsOfTheirClasses() throws {
        let drawn = objects.drawn(["cat", "dog"], on: Pair(6, 8))
        #expect(drawn.map(\.name) == ["dog", "cat", "dog"])
        #expect(drawn[0].box == DrawnObject.Box(left: 2, top: 2, right: 6, bottom: 6))
        #expect(drawn[0].color == ObjectPalette.color(1) && drawn[2].color == DrawnObject.Verdict.ignored.color)
        #expect(drawn[2].style == .dotted && drawn[2].mask == nil)
        let mask = try #require(objects.items[0].drawnMask(size))
        #expect(mask.covered == [false, false, false, false, false, true, true, false, false, true, true, false])
        // The outline's mask has the pixels whose center it encloses.
        let outline = try #require(objects.items[1].drawnMask(size))
        #expect(outline.covered.count { $0 } == 2 && outline.y == 0)
        #expect(objects.drawn([]).allSatisfy { $0.name.isEmpty })
    }
}
