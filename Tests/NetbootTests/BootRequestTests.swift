import Netboot
import Testing

@Suite struct BootRequestTests {
    private func request(_ fields: String...) throws -> BootRequest {
        try BootRequest(record: ("cn01\t" + fields.joined(separator: "\t"))[...], defaults: BootRequest(node: ""))
    }

    @Test func `a record becomes a boot file`() throws {
        let file = try request(
            "state=netboot d-x-c", "osimage=img", "server=10.1.0.1", "http-port=8080", "console=tty0", "append=a R::b c")
            .bootFile()
        let text = try #require(file).text(forUEFI: false)
        #expect(text.contains("set catboat_image http://10.1.0.1:8080\n"))
        #expect(text.contains("XCAT=10.1.0.1:3001 NODE=cn01 FC=0 XCATHTTPPORT=8080 console=tty0 a c\n"))
        #expect(text.hasSuffix("chain http://10.1.0.1:8080/tftpboot/xcat/osimage/img/boot.ipxe\n"))
    }

    @Test func `without a server the loader's own is used, and port 80 goes unsaid`() throws {
        let file = try request("state=netboot d-x-c", "osimage=img").bootFile()
        let text = try #require(file).text(forUEFI: false)
        #expect(text.contains("set catboat_loader http://${next-server}\n"))
        #expect(text.contains("set catboat_image http://${next-server}:80\n"))
        #expect(text.contains("XCAT=${next-server}:3001 "))
    }

    @Test func `offline has no boot file`() throws {
        #expect(try request("state=offline").bootFile() == nil)
    }

    @Test func `mistakes name the node and the field`() throws {
        #expect(throws: BootRequestError.unknownKey(node: "cn01", key: "colour")) { try request("colour=red") }
        #expect(throws: BootRequestError.badValue(node: "cn01", key: "http-port", value: "0")) {
            try request("http-port=0")
        }
        #expect(throws: BootRequestError.notAField(node: "cn01", field: "x")) { try request("x") }
        #expect(throws: BootRequestError.unknownState(node: "cn01", state: "install x")) {
            try request("state=install x").bootFile()
        }
        #expect(throws: BootRequestError.noImage(node: "cn01")) { try request("state=netboot x").bootFile() }
    }
}
