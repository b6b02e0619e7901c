internal import CommandShell
internal import Definitions
internal import Support

/// What an object command was asked, checked for combinations that it refuses.
struct DefinitionRequest {
    var verb: String
    /// As given; nil without `-t`.
    var givenTypes: [ObjectType]?
    var givenNames: String?
    /// The operand that is no `attr=value`.
    var operand: String?
    var assignments: [(name: String, value: String)] = []
    var only: [String]?
    var newName: String?
    var selections: [Selection] = []
    var selectionTexts: [String] = []
    var template: String?
    var isAll = false
    var isCompressed = false
    var isDynamic = false
    var isForced = false
    var isLong = false
    var isShort = false
    var isMinus = false
    var isPlus = false
    var isStanza = false
    var cleansUp = false
    var showsHidden = false
    var fills = false
    var showsNics = false
    var showsOsimage = false
    var isVerbose = false

    /// Whether any object was named.
    var hasNames: Bool { givenNames != nil || operand != nil }

    init<Verb: DefinitionVerb>(_ options: DefinitionOptions<Verb>) throws {
        verb = Verb.name
        givenNames = options.names
        only = options.attributes.map { $0.split(separator: ",").map(String.init) }
        newName = options.newName
        selectionTexts = options.selections
        template = options.template
        isAll = options.all
        isCompressed = options.compress
        isDynamic = options.dynamic
        isForced = options.force
        isLong = options.long
        isShort = options.short
        isMinus = options.minus
        isPlus = options.plus
        isStanza = options.stanza
        cleansUp = options.cleanup
        showsHidden = options.hidden
        fills = options.fill
        showsNics = options.nics
        showsOsimage = options.osimage
        isVerbose = options.verbose
        try readWords(options.words)
        try check(options.xml)
        try readTypes(options.types)
        try refuseByVerb()
        selections = try Selection.parse(selectionTexts)
    }

    private mutating func readWords(_ words: [String]) throws {
        for word in words {
            // An empty operand ends the operands.
            if word.isEmpty { break }
            if let equals = word.firstIndex(of: "=") {
                guard !word.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
                    throw CommandFailure([Diagnostic("Incorrect 'attr=val' pair - \(word).")])
                }
                let name = word[..<equals].trimmedBlanks
                assignments.append((name, String(word[word.index(after: equals)...].drop { $0 == " " || $0 == "\t" })))
            } else if operand == nil {
                operand = word
            } else {
                throw UsageFailure("noderange can not contain spaces.")
            }
        }
    }

    private func check(_ isXML: Bool) throws {
        func together(_ first: String, _ second: String) -> UsageFailure {
            UsageFailure("The flags '\(first)' and '\(second)' cannot be used together.")
        }
        if isXML { throw UsageFailure("The '-x' (XML format) option is not yet implemented.") }
        if only != nil, verb != "lsdef" {
            throw CommandFailure([Diagnostic("The '-i' option is only valid for the lsdef command.")])
        }
        if isLong, isShort { throw together("-l", "-s") }
        if only != nil, isShort { throw together("-i", "-s") }
        if isCompressed, only == nil { throw UsageFailure("The flags '-c' and '-i' must be used together.") }
        if only != nil, showsNics { throw together("-i", "--nics") }
        if only != nil, showsOsimage { throw together("-i", "--osimage") }
        if isStanza, showsOsimage { throw together("-z", "--osimage") }
    }

    private mutating func readTypes(_ text: String?) throws {
        if let text {
            if isAll { throw UsageFailure("The flags '-a' and '-t' cannot be used together.") }
            if text.split(separator: ",").isEmpty { throw UsageFailure("The option '-t' names no object type.") }
            givenTypes = try text.split(separator: ",").map { try ObjectType.named(String($0)) }
            if (givenTypes?.count ?? 0) > 1, !assignments.isEmpty {
                throw UsageFailure("Cannot combine multiple types with 'att=val' pairs on the command line.")
            }
        }
        if isAll, hasNames || (isStanza && verb != "lsdef") {
            throw UsageFailure("Cannot use '-a' with '-o', a noderange or file input.")
        }
    }

    private func refuseByVerb() throws {
        if fills {
            guard verb == "mkdef" || verb == "chdef" else {
                throw UsageFailure("Option '-u' can not work with \(verb).")
            }
            guard givenTypes.map({ $0.map(\.name) == ["osimage"] }) ?? true else {
                throw UsageFailure("Option '-u' only work for objtype 'osimage'.")
            }
        }
        if cleansUp, verb != "rmdef" { throw UsageFailure("Option '-C' can not be used with \(verb).") }
        if template != nil, verb == "chdef" || verb == "rmdef" {
            throw UsageFailure("The option '--template' can not be used with '\(verb)'.")
        }
        switch verb {
        case "mkdef": try refuseForMkdef()
        case "chdef": try refuseForChdef()
        case "rmdef": try refuseForRmdef()
        default: break
        }
    }

    private func refuseForMkdef() throws {
        if isPlus || isMinus {
            throw UsageFailure("The '-p' and '-m' options are not valid for the mkdef command.")
        }
        try refuseStanzaWithNames()
    }

    private func refuseForChdef() throws {
        if isForced { throw UsageFailure("The '-f' option is not valid for the chdef command.") }
        if fills, isPlus || isMinus { throw UsageFailure("Cannot use '-u' with '-p' or '-m'.") }
        if newName != nil, isDynamic || isPlus || isMinus || isStanza || !selectionTexts.isEmpty {
            throw UsageFailure("Cannot combine '-n' and '-d','-p','-m','-z','-w' options.")
        }
        if newName != nil, !assignments.isEmpty {
            throw UsageFailure("Cannot combine '-n' and 'attr=val' pairs: change the attributes before or after.")
        }
        try refuseStanzaWithNames()
    }

    private func refuseStanzaWithNames() throws {
        guard isStanza else { return }
        if hasNames {
            throw UsageFailure(
                "Cannot use '-z' with '-o' or a noderange.\nExample of -z usage:\n\t'cat stanzafile | \(verb) -z'")
        }
        if !assignments.isEmpty {
            throw UsageFailure("Cannot combine '-z' and 'attr=val' pairs: put the attributes into the stanzas.")
        }
        if givenTypes != nil || isAll {
            throw UsageFailure("Cannot combine '-t' and '-a', '-z', or '-x' options.")
        }
    }

    private func refuseForRmdef() throws {
        if isDynamic || isLong || isMinus || isPlus || isShort || isStanza || !selectionTexts.isEmpty {
            throw UsageFailure("Invalid flag specified, see rmdef manpage for details.")
        }
        if isAll, !isForced { throw UsageFailure("You must use the '-f' option when using the '-a' option.") }
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    var trimmedBlanks: String {
        let tail = drop { $0 == " " || $0 == "\t" }
        return String(tail.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension Cluster {
    /// The names that a request means for one type, before it is known whether they exist; nil when it names none.
    ///
    /// For nodes the operand is a noderange; `-o` is one too when nodes are asked for.
    func requestedNames(_ request: DefinitionRequest, _ type: ObjectType) throws -> [String]? {
        if let text = request.givenNames {
            return type.isNode ? try nodeNames(text, request) : items(text)
        }
        guard let operand = request.operand else { return nil }
        return type.isNode ? try nodeNames(operand, request) : items(operand)
    }

    private func items(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    private func nodeNames(_ range: String, _ request: DefinitionRequest) throws -> [String] {
        let names: [String]
        do {
            names =
                range.hasPrefix("/") && request.verb != "mkdef" ? try nodes(in: range) : try self.names(in: range)
        } catch let error as NoderangeError {
            throw CommandFailure([error.diagnostic])
        }
        guard names.isEmpty else { return names }
        throw CommandFailure([DefinitionProblem.noNodes(range).diagnostic])
    }
}
