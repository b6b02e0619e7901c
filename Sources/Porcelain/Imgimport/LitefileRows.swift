/// Rows of litefile.csv as xCAT writes them: image, file and options in double quotes, then two empty cells.
enum LitefileRows {
    static func read(_ text: String) throws -> [(file: String, options: String)] {
        try text.split(whereSeparator: \.isNewline).map { line in
            let row = cells(line)
            guard row.count >= 2, !row[1].isEmpty, !line.contains("\t") else {
                throw ImportRequest.failure("litefile.csv has a line that is no row: '\(line)'")
            }
            return (row[1], row.count > 2 && !row[2].isEmpty ? row[2] : "tmpfs")
        }
    }

    private static func cells(_ line: Substring) -> [String] {
        var cells = [""]
        var isQuoted = false
        var rest = line
        while let letter = rest.popFirst() {
            if letter == "\"" {
                if isQuoted, rest.first == "\"" {
                    cells[cells.count - 1].append(rest.removeFirst())
                } else {
                    isQuoted.toggle()
                }
            } else if letter == ",", !isQuoted {
                cells.append("")
            } else {
                cells[cells.count - 1].append(letter)
            }
        }
        return cells
    }
}
