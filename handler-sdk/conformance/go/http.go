package main

// Requests.

import "tasker-handler"

func init() {
	tasker.Handle("request", request).Doc("Sends the request of its input.")
}

// wantedRequest is a request, and what to return of the response.
type wantedRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	JSON    any               `json:"json,omitempty"`
	// Whether an error status is a failure.
	Check bool `json:"check,omitempty"`
	// `json`, `text` or `size`.
	Body string `json:"body"`
	// The header to return.
	Header *string `json:"header"`
}

func request(ctx *tasker.Context, wanted wantedRequest) (map[string]any, error) {
	request, err := tasker.NewRequest(wanted.Method, wanted.URL, wanted.JSON)
	if err != nil {
		return nil, err
	}
	for name, value := range wanted.Headers {
		request.Set(name, value)
	}
	response, err := ctx.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	if wanted.Check {
		if err := response.Check(); err != nil {
			return nil, err
		}
	}
	result := map[string]any{"status": response.Status, "header": nil, "body": len(response.Body)}
	switch wanted.Body {
	case "json":
		var body any
		if err := response.JSON(&body); err != nil {
			return nil, err
		}
		result["body"] = body
	case "text":
		result["body"] = response.Text()
	}
	if wanted.Header != nil {
		if header := response.Get(*wanted.Header); header != "" {
			result["header"] = header
		}
	}
	return result, nil
}
