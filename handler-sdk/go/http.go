package tasker

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// HTTP sends requests to the destinations in the template's `grants.http`.
type HTTP struct{ host Host }

// Request is a request to send.
type Request struct {
	// Method is GET, POST and so on.
	Method string
	URL    string
	// Header are names and values.
	Header []Header
	Body   []byte
	// Timeout is how long to wait for a connection, for the response and between its parts. 0: as long as the step may run.
	Timeout time.Duration
}

// Header is one header.
type Header struct{ Name, Value string }

// Response is a response with its whole body.
type Response struct {
	Status int
	// Header are names, in lower case, and values.
	Header []Header
	Body   []byte
	url    string
}

// NewRequest makes a request. A body other than nil and []byte is written as JSON; the failure is a permanent InvalidRequest.
func NewRequest(method, url string, body any) (*Request, error) {
	request := &Request{Method: method, URL: url}
	switch body := body.(type) {
	case nil:
	case []byte:
		request.Body = body
	default:
		text, err := marshal(body)
		if err != nil {
			return nil, Permanent("InvalidRequest", "the request's body cannot be serialized: %w", err)
		}
		request.Body = []byte(text)
		request.Set("content-type", "application/json")
	}
	return request, nil
}

// Set adds a header.
func (r *Request) Set(name, value string) *Request {
	r.Header = append(r.Header, Header{name, value})
	return r
}

// Get sends a GET request.
func (h HTTP) Get(url string) (*Response, error) { return h.Do(&Request{Method: "GET", URL: url}) }

// Post sends a POST request, with the body of [NewRequest].
func (h HTTP) Post(url string, body any) (*Response, error) {
	request, err := NewRequest("POST", url, body)
	if err != nil {
		return nil, err
	}
	return h.Do(request)
}

// Do sends a request and waits for the whole response. An error status is no error here: see [Response.Check]. The failure is a
// retryable HttpUnreachable, or a permanent HttpDenied or InvalidRequest.
func (h HTTP) Do(request *Request) (*Response, error) {
	if !utf8.ValidString(request.URL) {
		return nil, Permanent("InvalidRequest", "`%s`: %w", request.URL, errNotUTF8)
	}
	parsed, err := url.Parse(request.URL)
	if err != nil {
		return nil, Permanent("InvalidRequest", "`%s`: %w", request.URL, err)
	}
	if !strings.Contains(request.URL, "://") {
		return nil, Permanent("InvalidRequest", "`%s`: it has no scheme", request.URL)
	}
	if parsed.Host == "" {
		return nil, Permanent("InvalidRequest", "`%s`: it has no host", request.URL)
	}
	response, body, err := h.host.Send(request)
	if err != nil {
		return nil, err
	}
	response.url = request.URL
	if body != nil {
		response.Body, err = io.ReadAll(body)
	}
	if err != nil {
		return nil, Retryable("HttpUnreachable", "%s: %w", request.URL, err)
	}
	return response, nil
}

// Get is the value of a header, empty if there is none.
func (r *Response) Get(name string) string {
	for _, header := range r.Header {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

// Text is the body; bytes that are not UTF-8 are replaced.
func (r *Response) Text() string { return strings.ToValidUTF8(string(r.Body), "\ufffd") }

// JSON reads the body into what target points to. The failure is a retryable HttpInvalidBody.
func (r *Response) JSON(target any) error {
	if err := unmarshal(r.Body, target); err != nil {
		return Retryable("HttpInvalidBody", "the response of %s does not have the expected form: %w", r.url, err)
	}
	return nil
}

// Check makes an error status a failure, `Http<status>`:
//
//	408, 409, 425, 429, 500, 502, 503, 504   retryable, not before the response's Retry-After
//	any other from 400 on                    permanent
//
// The host follows no redirects.
func (r *Response) Check() error {
	if r.Status < 400 {
		return nil
	}
	message := fmt.Sprintf("%s returned %d", r.url, r.Status)
	failed := &Failure{Type: fmt.Sprintf("Http%d", r.Status), Message: message}
	failed.Details = map[string]string{"body": beginning(r.Text(), 1000)}
	switch r.Status {
	case 408, 409, 425, 429, 500, 502, 503, 504:
		failed.Retryable = true
		if wait := retryAfter(r.Get("retry-after"), time.Now()); wait > 0 {
			failed.RetryAfter = &wait
		}
	}
	return failed
}

// beginning is the first characters of a text.
func beginning(text string, count int) string {
	if utf8.RuneCountInString(text) <= count {
		return text
	}
	return string([]rune(text)[:count])
}

// retryAfter is the wait in a `Retry-After` header: seconds, or a date in the future. 0 if it says neither.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if date, err := time.Parse(layout, value); err == nil {
			return max(date.Sub(now), 0)
		}
	}
	return 0
}
