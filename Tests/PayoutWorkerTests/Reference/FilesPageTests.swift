import FileStores
import Testing

@Suite struct FilesPageTests {
    @Test func everyPlaceholderOfAKeyIsDocumented() throws {
        let rows = FileKeyPlaceholder.table.map { GeneratedRegion.row("`{\($0.name)}`", $0.value) }
        try GeneratedRegion(page: "Guides/FileStores", name: "placeholders")
            .expect(["| placeholder | value |", "| --- | --- |"] + rows)
    }
}
