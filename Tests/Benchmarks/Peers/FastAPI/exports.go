package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"
)

const lifetime = time.Hour

type export struct {
	id, path string
	filter   []byte // As a JSON string.
	created  time.Time
}

// exports holds all exports by their ids, and their ids by ms-requestid.
type exports struct {
	sync.Mutex
	byID  map[string]*export
	byKey map[string]*export
}

func newExports() exports {
	return exports{byID: map[string]*export{}, byKey: map[string]*export{}}
}

// create returns the export of a POST: a new one, or the one of its ms-requestid.
func (e *exports) create(r *http.Request) (*export, bool) {
	filter, err := json.Marshal(r.URL.Query().Get("$filter"))
	if err != nil {
		log.Fatal(err)
	}
	created := &export{id: newID(), path: r.URL.Path, filter: filter, created: time.Now().UTC()}
	key := r.Header.Get("ms-requestid")
	e.Lock()
	defer e.Unlock()
	if first := e.byKey[key]; key != "" && first != nil {
		return first, false
	}
	e.byKey[key] = created
	e.byID[created.id] = created
	return created, true
}

func (e *exports) find(id string) *export {
	e.Lock()
	defer e.Unlock()
	return e.byID[id]
}

func (e *exports) remove(id string) {
	e.Lock()
	defer e.Unlock()
	delete(e.byID, id)
}

// document is the service's answer. A completed export has a URL below `base`.
func (e *export) document(status, base string) []byte {
	location := ""
	if status == "Completed" {
		until := time.Now().Add(lifetime).UTC().Format("2006-01-02T15:04:05Z")
		location = base + "/blob/" + e.id + ".csv?sv=2021&se=" + until + "&sr=b&sp=r&sig=signature"
	}
	b := make([]byte, 0, 640)
	b = append(b, `{"value":[{"requestId":"`...)
	b = append(b, e.id...)
	b = append(b, `","requestDateTime":"`...)
	b = e.created.AppendFormat(b, "2006-01-02T15:04:05.0000000Z")
	b = append(b, `","requestPath":"`...)
	b = append(b, e.path...)
	b = append(b, `","requestQueryString":`...)
	b = append(b, e.filter...)
	b = append(b, `,"blobLocation":"`...)
	b = append(b, location...)
	b = append(b, `","status":"`...)
	b = append(b, status...)
	return append(b, `"}],"nextLink":null,"totalCount":1}`...)
}

// newID is a random UUID.
func newID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		log.Fatal(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
