// A fast stand-in for the payout API: the calls of a worker with the answers of the sandbox, without its faults. An
// export is Completed at its first GET. It costs little, so the measured workers get the processor. Loopback only; it
// prints its URL.
//
//	GO111MODULE=off go build -o fast-api ./FastAPI
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

const prefix = "/v1.0/payouts/"

type api struct {
	base    string
	exports exports
	// Calls that were answered, and those of them that repeated an ms-requestid.
	answered, repeated int64
}

func main() {
	debug.SetGCPercent(400) // Memory is cheap here; the measured worker needs the processor.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	a := &api{base: "http://" + listener.Addr().String(), exports: newExports()}
	fmt.Fprintln(os.Stdout, a.base)
	log.Fatal(http.Serve(listener, a))
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, prefix):
		a.export(w, r)
	case r.Method == http.MethodPost && strings.Contains(path, "/oauth2/"):
		a.token(w)
	case path == "/stats":
		answer(w, 200, map[string]int64{
			"answered": atomic.LoadInt64(&a.answered), "repeated": atomic.LoadInt64(&a.repeated)})
	default:
		http.NotFound(w, r)
	}
}

func (a *api) token(w http.ResponseWriter) {
	answer(w, 200, map[string]string{
		"token_type": "Bearer", "expires_in": "3600", "access_token": "token", "refresh_token": "refresh"})
}

func (a *api) export(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer token" {
		fail(w, 401, "unauthenticated")
		return
	}
	atomic.AddInt64(&a.answered, 1)
	kind, id, hasID := strings.Cut(r.URL.Path[len(prefix):], "/")
	switch {
	case kind != "transactionhistory" && kind != "payments":
		fail(w, 404, "itemNotFound")
	case r.Method == http.MethodPost && !hasID:
		export, isNew := a.exports.create(r)
		if !isNew {
			atomic.AddInt64(&a.repeated, 1)
		}
		write(w, 202, export.document("Queued", ""))
	case r.Method == http.MethodGet && hasID:
		if export := a.exports.find(id); export != nil {
			write(w, 200, export.document("Completed", a.base))
		} else {
			fail(w, 404, "itemNotFound")
		}
	case r.Method == http.MethodDelete && hasID:
		a.exports.remove(id)
		w.WriteHeader(200)
	default:
		fail(w, 405, "invalidRequest")
	}
}

func fail(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]map[string]string{"error": {"code": code, "message": code}})
}

func answer(w http.ResponseWriter, status int, document interface{}) {
	body, err := json.Marshal(document)
	if err != nil {
		log.Fatal(err)
	}
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		log.Print(err)
	}
}
