import Primitives

/// One page of S3's list of unfinished uploads (`ListMultipartUploads`), which `S3Backend` reads.
struct S3UploadList {
    /// An upload with a key, an id and a time.
    struct Upload {
        var name: String
        var id: String
        /// When it was begun, in milliseconds since 1970.
        var begun: Int64
    }

    /// Where the next page begins.
    struct Marker {
        var key: String
        var upload: String
    }

    let uploads: [Upload]
    /// `nil` for the last page.
    let next: Marker?

    /// Reads the body of an answer. Uploads that lack a part are left out.
    init(_ document: String) {
        uploads = xmlElements("Upload", in: document).compactMap { upload in
            guard let name = xmlText("Key", in: upload), let id = xmlText("UploadId", in: upload),
                let begun = xmlText("Initiated", in: upload).flatMap({ Timestamp(iso8601: $0)?.milliseconds })
            else { return nil }
            return Upload(name: name, id: id, begun: begun)
        }
        guard xmlText("IsTruncated", in: document) == "true", let key = xmlText("NextKeyMarker", in: document),
            let upload = xmlText("NextUploadIdMarker", in: document)
        else {
            next = nil
            return
        }
        next = Marker(key: key, upload: upload)
    }
}
