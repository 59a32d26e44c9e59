package main

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var paths = map[string]string{
	"transactionHistory": "/v1.0/payouts/transactionhistory",
	"payments":           "/v1.0/payouts/payments",
}

// errFinal marks a failure that another attempt would not change.
var errFinal = errors.New("final")

const attempts = 10

type job struct {
	JobID      string `json:"jobId"`
	Kind       string `json:"kind"`
	Filter     string `json:"filter"`
	FileFormat string `json:"fileFormat"`
}

type export struct {
	RequestID    string `json:"requestId"`
	BlobLocation string `json:"blobLocation"`
	Status       string `json:"status"`
}

// service is the payout API.
type service struct {
	base   string
	poll   time.Duration
	slots  chan struct{}
	client *http.Client
	token  token
}

func newService() *service {
	slots := make(chan struct{}, number("WORKER_MAX_CONCURRENT_REQUESTS", "64"))
	return &service{
		base:  strings.TrimRight(setting("PAYOUT_API_BASE_URL", ""), "/"),
		poll:  interval("WORKER_POLL_MIN_INTERVAL", "5s"),
		slots: slots,
		client: &http.Client{
			Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: cap(slots)}},
	}
}

// run creates the export of a job and polls it to its end.
func (s *service) run(value []byte) (j job, e export, err error) {
	if err = json.Unmarshal(value, &j); err != nil || paths[j.Kind] == "" {
		return j, e, fmt.Errorf("not a job: %v", err)
	}
	sum := md5.Sum([]byte(j.JobID))
	id := fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:])
	path := s.base + paths[j.Kind]
	query := "?$filter=" + url.QueryEscape(j.Filter) + "&fileformat=" + j.FileFormat
	if e, err = s.call(http.MethodPost, path+query, id); err != nil {
		return j, e, err
	}
	for {
		time.Sleep(s.poll)
		if e, err = s.call(http.MethodGet, path+"/"+e.RequestID, ""); err != nil {
			return j, e, err
		}
		switch strings.ToLower(e.Status) {
		case "completed":
			if e.BlobLocation != "" {
				return j, e, nil
			}
		case "failed":
			return j, e, errors.New("the export failed")
		}
	}
}

// call makes attempts with increasing waits between them.
func (s *service) call(method, url, id string) (e export, err error) {
	for n := 0; n < attempts; n++ {
		var wait time.Duration
		if e, wait, err = s.attempt(method, url, id); err == nil || errors.Is(err, errFinal) {
			return e, err
		}
		backOff := time.Second << n
		if backOff > time.Minute {
			backOff = time.Minute
		}
		backOff = time.Duration((.5 + rand.Float64()/2) * float64(backOff))
		if backOff > wait {
			wait = backOff
		}
		time.Sleep(wait)
	}
	return e, err
}

// attempt makes one call; `wait` is what the service asks for before the next.
func (s *service) attempt(method, url, id string) (e export, wait time.Duration, err error) {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	bearer, err := s.token.bearer(s.client)
	if err != nil {
		return e, 0, err
	}
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		return e, 0, fmt.Errorf("%w: %v", errFinal, err)
	}
	request.Header.Set("Authorization", bearer)
	request.Header.Set("Accept", "application/json")
	if id != "" {
		request.Header.Set("ms-requestid", id)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return e, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return e, 0, err
	}
	switch status := response.StatusCode; {
	case status == 200 || status == 202:
		e, err = decoded(body)
		return e, 0, err
	case status == 401:
		s.token.discard(bearer)
	case status < 500 && status != 408 && status != 429:
		return e, 0, fmt.Errorf("%w: the API answered %d", errFinal, status)
	default:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		wait = time.Duration(seconds) * time.Second
	}
	return e, wait, fmt.Errorf("the API answered %d", response.StatusCode)
}

func decoded(body []byte) (export, error) {
	var envelope struct{ Value []export }
	if err := json.Unmarshal(body, &envelope); err != nil || len(envelope.Value) == 0 {
		return export{}, fmt.Errorf("%w: an unreadable answer: %v", errFinal, err)
	}
	return envelope.Value[0], nil
}
