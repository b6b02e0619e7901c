import Definitions
import Testing

/// Values that depend on the node's name.
@Suite struct ValueExpressionTests {
    @Test(
        arguments: [
            (["n1"], #"|n(\d+)|10.0.0.($1)|"#, nil), (["n1"], "|^.*$||", nil), (["n1"], "plain", nil),
            ([], "|x|y|", nil),
            (["m1", "n1"], "|n|x|", nil), (["n1"], "/opt/images", nil), (["n1"], "|10.0.0.($1)|", nil),
            (["n1"], "|x|y|", "it does not match 'n1', which becomes the value"),
            (
                ["n1"], "/opt/images/",
                "it does not match 'n1', which becomes the value; a path is written without the slash at its end"
            ),
            ([], "|n(|x|", "bad regular expression: 'n(': '(' without ')'"),
            (["n1"], #"|n(\d+)|(1+)|"#, "what stands in parentheses cannot be evaluated for 'n1'"),
        ] as [([String], String, String?)])
    func `an expression that gives nothing is told`(nodes: [String], value: String, problem: String?) {
        #expect(ValueExpression.problem(value, for: nodes) == problem)
    }

    @Test(arguments: [
        ("node7", #"/\z/-bmc/"#, "node7-bmc"),
        ("node7", "/node/bmc/", "bmc7"),
        ("mgt02", #"|\z|-imm|"#, "mgt02-imm"),
        ("node007", #"|node(\d+)|10.0.0.($1+0)|"#, "10.0.0.7"),
        ("node007", #"|node(\d+)|10.0.0.($1)|"#, "10.0.0.007"),
        ("node20", #"|\D+(\d+)|cmm(sprintf('%02d',($1-1)/14+1))|"#, "cmm02"),
        ("node20", #"|\D+(\d+)|(($1-1)%14+1)|"#, "6"),
        ("c01f02x03v04", #"|\D+(\d+)\D+(\d+)\D+(\d+)\D+(\d+)|c($1)f($2)x($3)|"#, "c01f02x03"),
        (
            "c01f02x03v04", #"|\D+(\d+)\D+(\d+)\D+(\d+)\D+(\d+)|dir:///install/vms/vm($4+0)|"#,
            "dir:///install/vms/vm4"
        ),
        ("node020", "|cmm(sprintf('%02d',($1-1)/14+1))|", "cmm02"),
        ("r3u10", "|10.1.($1).($2)|", "10.1.3.10"),
        ("n300", #"|\D+(\d+)|(ipadd(10,0,0,0,$1,0,0))|"#, "10.0.1.44"),
        ("node7", "|^.*$||", ""),
        ("node7", #"|node(\d+)|bmc$1|"#, "bmc$1"),
        ("r1n2c3", #"|r(\d+)n(\d+)c(\d+)|10.$1.$2.($3*2)|"#, "10.$1.$2.6"),
        ("node7-eth", #"|node(\d+)|10.0.0.($1+0)|"#, "10.0.0.7-eth"),
        ("other", #"|node(\d+)|10.0.0.($1+0)|"#, "other"),
        ("other", "|10.0.0.($1+0)|", "10.0.0.0"),
        ("node7", "/opt/dir/", "node7"),
        ("node7", "/a/b/c/", "/a/b/c/"),
        ("node7", "/opt/", "/opt/"),
        ("node7", "//", "//"),
        ("node7", "plain|x", "plain|x"),
    ])
    func `an expression gives what the manual says`(node: String, value: String, result: String) {
        #expect(ValueExpression.evaluate(value, for: node) == result)
    }

    @Test(arguments: [
        ("|n(\\d+)|($1/0)|", ""), ("|n(\\d+)|(system('id'))|", ""), ("|n(\\d+)|($1**99)|", ""),
        ("|n(\\d+)|(9223372036854775807+$1)|", ""), ("|n(\\d+|x|", ""), ("|n(\\d+)|(sprintf('%999d',1))|", ""),
        ("|n(\\d+)|(7/2)|", "3"), ("|n(\\d+)|(-7/2)|", "-3"), ("|n(\\d+)|(-7%3)|", "-1"),
        ("|n(\\d+)|(2**3**2)|", "512"), ("|n(\\d+)|($1>3?'big':'small')|", "big"),
        ("|n(\\d+)|(a2idx('c').'x'.a2zidx('c'))|", "3x2"), ("|n(\\d+)|(mknum('ab'))|", "195"),
        ("|n(\\d+)|(dim2idx(2,3,1))|", "4"), ("|n(\\d+)|(skip(5,'3:2'))|", "3"), ("|n(\\d+)|(skip(4,'3:2'))|", "-1"),
    ])
    func `arithmetic is on integers, and what goes wrong gives nothing`(value: String, result: String) {
        #expect(ValueExpression.evaluate(value, for: "n7") == result)
    }

    @Test func `a pattern that would take for ever ends`() throws {
        let pattern = try Pattern("(a*)*(a*)*(a*)*b")
        #expect(throws: PatternError.self) {
            try pattern.firstMatch(in: Array(String(repeating: "a", count: 200).utf8))
        }
        #expect(!pattern.matches(String(repeating: "a", count: 200)))
    }

    @Test(arguments: [
        ("^a.c$", "abc", true), ("^a.c$", "a\nc", false), ("a|b", "xbx", true), ("a{2,3}b", "aaab", true),
        ("a{2,3}b", "ab", false), ("(a)\\1", "aa", true), ("(?:ab)+$", "abab", true), ("[^0-9]+", "12", false),
        ("[[:alpha:]-]+", "-", true), ("\\bcat\\b", "a cat b", true), ("a(?=b)", "ab", true), ("a(?!b)", "ab", false),
        ("a+?b", "aab", true), ("x*", "", true), ("\\d{2}", "a12", true), ("a]", "a]", true), ("a{x", "a{x", true),
    ])
    func `patterns match as in Perl`(pattern: String, text: String, matches: Bool) throws {
        #expect(try Pattern(pattern).matches(text) == matches)
    }

    @Test(arguments: ["(", ")", "[a", "*a", "a**", "a{3,1}", "\\", "(?<x>a)", "[z-a]"])
    func `a bad pattern is refused`(pattern: String) {
        #expect(throws: PatternError.self) { try Pattern(pattern) }
    }

    @Test func `arbitrary patterns and expressions never crash or hang`() {
        var state: UInt64 = 7
        func number(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let pieces = Array("ab1(|)[]*+?{2,}\\d\\D^$.$1/%-sprintf('%d',:?x")
        for _ in 0..<5000 {
            let text = String((0..<number(16)).map { _ in pieces[number(pieces.count)] })
            _ = (try? Pattern(text))?.matches("ab12ab12")
            _ = ValueExpression.evaluate("|\(text)|\(text)|", for: "node12")
        }
    }
}
