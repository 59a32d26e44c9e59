package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// token is the access token that all calls share.
type token struct {
	sync.Mutex
	value string
	until time.Time
}

// bearer returns the token, and obtains it first where there is none that is valid.
func (t *token) bearer(client *http.Client) (string, error) {
	t.Lock()
	defer t.Unlock()
	if t.value != "" && time.Now().Before(t.until) {
		return t.value, nil
	}
	endpoint := setting("PAYOUT_API_AUTHORITY", "") + "/" + setting("PAYOUT_API_TENANT_ID", "") + "/oauth2/v2.0/token"
	response, err := client.PostForm(endpoint, url.Values{
		"grant_type": {"password"}, "client_id": {setting("PAYOUT_API_CLIENT_ID", "")},
		"username": {setting("PAYOUT_API_USERNAME", "")}, "password": {setting("PAYOUT_API_PASSWORD", "")},
		"scope": {"https://api.partner.microsoft.com/.default"}})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != 200 {
		return "", fmt.Errorf("the token endpoint answered %d: %v", response.StatusCode, err)
	}
	seconds, err := answer.ExpiresIn.Int64()
	if err != nil {
		return "", err
	}
	t.value = "Bearer " + answer.AccessToken
	t.until = time.Now().Add(time.Duration(seconds) * time.Second * 9 / 10)
	return t.value, nil
}

// discard forgets a token that the service refused.
func (t *token) discard(refused string) {
	t.Lock()
	defer t.Unlock()
	if t.value == refused {
		t.value = ""
	}
}
