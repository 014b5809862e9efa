package tasker

// Requests: `wasi:http`.

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unsafe"
)

//go:wasmimport wasi:http/types@0.2.9 [constructor]fields
func newFields() uint32

//go:wasmimport wasi:http/types@0.2.9 [method]fields.append
func fieldsAppend(fields uint32, name, value string, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [method]fields.entries
func fieldsEntries(fields uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]fields
func fieldsDrop(fields uint32)

//go:wasmimport wasi:http/types@0.2.9 [constructor]outgoing-request
func newOutgoingRequest(headers uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.body
func outgoingRequestBody(request uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-method
func outgoingRequestSetMethod(request, method uint32, other string) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-path-with-query
func outgoingRequestSetPath(request, has uint32, path string) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-scheme
func outgoingRequestSetScheme(request, has, scheme uint32, other string) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-authority
func outgoingRequestSetAuthority(request, has uint32, authority string) uint32

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]outgoing-request
func outgoingRequestDrop(request uint32)

//go:wasmimport wasi:http/types@0.2.9 [constructor]request-options
func newRequestOptions() uint32

//go:wasmimport wasi:http/types@0.2.9 [method]request-options.set-connect-timeout
func setConnectTimeout(options, has uint32, nanoseconds uint64) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]request-options.set-first-byte-timeout
func setFirstByteTimeout(options, has uint32, nanoseconds uint64) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]request-options.set-between-bytes-timeout
func setBetweenBytesTimeout(options, has uint32, nanoseconds uint64) uint32

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]request-options
func requestOptionsDrop(options uint32)

//go:wasmimport wasi:http/outgoing-handler@0.2.9 handle
func httpHandle(request, hasOptions, options uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-body.write
func outgoingBodyWrite(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [static]outgoing-body.finish
func outgoingBodyFinish(body, hasTrailers, trailers uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]outgoing-body
func outgoingBodyDrop(body uint32)

//go:wasmimport wasi:io/streams@0.2.9 [method]output-stream.blocking-write-and-flush
func outputStreamWrite(stream uint32, bytes string, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.9 [resource-drop]output-stream
func outputStreamDrop(stream uint32)

//go:wasmimport wasi:http/types@0.2.9 [method]future-incoming-response.subscribe
func futureSubscribe(future uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]future-incoming-response.get
func futureGet(future uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]future-incoming-response
func futureDrop(future uint32)

//go:wasmimport wasi:io/poll@0.2.9 [method]pollable.block
func pollableBlock(pollable uint32)

//go:wasmimport wasi:io/poll@0.2.9 [resource-drop]pollable
func pollableDrop(pollable uint32)

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-response.status
func responseStatus(response uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-response.headers
func responseHeaders(response uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-response.consume
func responseConsume(response uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]incoming-response
func responseDrop(response uint32)

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-body.stream
func incomingBodyStream(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]incoming-body
func incomingBodyDrop(body uint32)

//go:wasmimport wasi:io/streams@0.2.9 [method]input-stream.blocking-read
func inputStreamRead(stream uint32, size uint64, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.9 [resource-drop]input-stream
func inputStreamDrop(stream uint32)

//go:wasmimport wasi:io/error@0.2.9 [method]error.to-debug-string
func errorToDebugString(error uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/error@0.2.9 [resource-drop]error
func errorDrop(error uint32)

const (
	// The most that one write may have, and how much of a response is read at once.
	writeBytes, readBytes = 4096, 64 << 10
	// The place of `HTTP-request-denied` among the error codes.
	requestDenied = 15
)

// The methods in the order of the variant `method`.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// The error codes in the order of the variant `error-code`.
var errorCodes = strings.Fields(`DNS-timeout DNS-error destination-not-found destination-unavailable destination-IP-prohibited
	destination-IP-unroutable connection-refused connection-terminated connection-timeout connection-read-timeout
	connection-write-timeout connection-limit-reached TLS-protocol-error TLS-certificate-error TLS-alert-received
	HTTP-request-denied HTTP-request-length-required HTTP-request-body-size HTTP-request-method-invalid HTTP-request-URI-invalid
	HTTP-request-URI-too-long HTTP-request-header-section-size HTTP-request-header-size HTTP-request-trailer-section-size
	HTTP-request-trailer-size HTTP-response-incomplete HTTP-response-header-section-size HTTP-response-header-size
	HTTP-response-body-size HTTP-response-trailer-section-size HTTP-response-trailer-size HTTP-response-transfer-coding
	HTTP-response-content-coding HTTP-response-timeout HTTP-upgrade-failed HTTP-protocol-error loop-detected configuration-error
	internal-error`)

// unreachable is the failure of an error code at an offset.
func unreachable(request *Request, result *area, offset uintptr) error {
	code := int(result.byte(offset))
	if code == requestDenied {
		return Permanent("HttpDenied", "%s is not granted to this step; see `grants.http` in the template", request.URL)
	}
	what := "error " + strconv.Itoa(code)
	if code < len(errorCodes) {
		what = errorCodes[code]
	}
	if what == "internal-error" && result.byte(offset+8) != 0 {
		what += ": " + result.text(offset+12)
	}
	return Retryable("HttpUnreachable", "%s: %s", request.URL, what)
}

func invalid(request *Request, what string) error {
	return Permanent("InvalidRequest", "`%s`: %s", request.URL, what)
}

func (wasiHost) Send(request *Request) (*Response, io.Reader, error) {
	outgoing, err := prepare(request)
	if err != nil {
		return nil, nil, err
	}
	options, err := optionsOf(request)
	if err != nil {
		outgoingRequestDrop(outgoing)
		return nil, nil, err
	}
	result := new(area)
	outgoingRequestBody(outgoing, result.at())
	body := result.word(4)
	result = new(area)
	httpHandle(outgoing, option(request.Timeout > 0), options, result.at())
	if result.byte(0) != 0 {
		outgoingBodyDrop(body)
		return nil, nil, unreachable(request, result, 8)
	}
	future := result.word(8)
	defer futureDrop(future)
	if err := write(request, body); err != nil {
		return nil, nil, err
	}
	ready := futureSubscribe(future)
	pollableBlock(ready)
	pollableDrop(ready)
	result = new(area)
	futureGet(future, result.at())
	if result.byte(0) == 0 || result.byte(8) != 0 {
		return nil, nil, Retryable("HttpUnreachable", "%s: no response", request.URL)
	}
	if result.byte(16) != 0 {
		return nil, nil, unreachable(request, result, 24)
	}
	return received(request, result.word(24))
}

// optionsOf makes the options of a request with a timeout.
func optionsOf(request *Request) (uint32, error) {
	if request.Timeout <= 0 {
		return 0, nil
	}
	options := newRequestOptions()
	wait := uint64(request.Timeout.Nanoseconds())
	if setConnectTimeout(options, 1, wait)|setFirstByteTimeout(options, 1, wait)|setBetweenBytesTimeout(options, 1, wait) != 0 {
		requestOptionsDrop(options)
		return 0, invalid(request, fmt.Sprintf("a timeout of %s is not possible", request.Timeout))
	}
	return options, nil
}

func prepare(request *Request) (uint32, error) {
	parsed, err := url.Parse(request.URL)
	if err != nil {
		return 0, invalid(request, err.Error())
	}
	fields := newFields()
	// Without its length even an empty body would be chunked, which servers do not expect of a GET.
	headers := append([]Header{}, request.Header...)
	headers = append(headers, Header{"content-length", strconv.Itoa(len(request.Body))})
	for _, header := range headers {
		result := new(area)
		fieldsAppend(fields, valid(header.Name), header.Value, result.at())
		if result.byte(0) != 0 {
			fieldsDrop(fields)
			why := []string{"its syntax is not valid", "it is forbidden", "it cannot be changed"}[min(result.byte(1), 2)]
			return 0, invalid(request, "header `"+header.Name+"`: "+why)
		}
	}
	outgoing := newOutgoingRequest(fields)
	method := uint32(len(methods))
	for index, name := range methods {
		if strings.EqualFold(name, request.Method) {
			method = uint32(index)
		}
	}
	scheme := map[string]uint32{"http": 0, "https": 1}
	number, known := scheme[parsed.Scheme]
	if !known {
		number = 2
	}
	path := parsed.EscapedPath()
	if path == "" {
		path = "/"
	}
	if parsed.RawQuery != "" {
		path += "?" + parsed.RawQuery
	}
	refused := ""
	switch {
	case outgoingRequestSetMethod(outgoing, method, valid(request.Method)) != 0:
		refused = "method"
	case outgoingRequestSetScheme(outgoing, 1, number, parsed.Scheme) != 0:
		refused = "scheme"
	case outgoingRequestSetAuthority(outgoing, 1, valid(parsed.Host)) != 0:
		refused = "host"
	case outgoingRequestSetPath(outgoing, 1, path) != 0:
		refused = "path"
	default:
		return outgoing, nil
	}
	outgoingRequestDrop(outgoing)
	return 0, invalid(request, "its "+refused+" is not valid")
}

func write(request *Request, body uint32) error {
	result := new(area)
	outgoingBodyWrite(body, result.at())
	if result.byte(0) != 0 {
		outgoingBodyDrop(body)
		return invalid(request, "its body cannot be written")
	}
	stream := result.word(4)
	for rest := request.Body; len(rest) > 0; {
		piece := rest[:min(len(rest), writeBytes)]
		rest = rest[len(piece):]
		result = new(area)
		outputStreamWrite(stream, asText(piece), result.at())
		if result.byte(0) != 0 {
			if result.byte(4) == 0 {
				errorDrop(result.word(8))
			}
			outputStreamDrop(stream)
			outgoingBodyDrop(body)
			return Retryable("HttpUnreachable", "%s: the connection broke", request.URL)
		}
	}
	outputStreamDrop(stream)
	result = new(area)
	outgoingBodyFinish(body, 0, 0, result.at())
	if result.byte(0) != 0 {
		return unreachable(request, result, 8)
	}
	return nil
}

func received(request *Request, incoming uint32) (*Response, io.Reader, error) {
	response := &Response{Status: int(responseStatus(incoming))}
	fields, result := responseHeaders(incoming), new(area)
	fieldsEntries(fields, result.at())
	for _, entry := range result.list(0, 4) {
		name, value := takeText(entry[0], entry[1]), takeText(entry[2], entry[3])
		header := Header{strings.ToLower(name), strings.ToValidUTF8(value, "\ufffd")}
		response.Header = append(response.Header, header)
	}
	fieldsDrop(fields)
	broken := func() (*Response, io.Reader, error) {
		responseDrop(incoming)
		return nil, nil, Retryable("HttpUnreachable", "%s: the response cannot be read", request.URL)
	}
	result = new(area)
	responseConsume(incoming, result.at())
	if result.byte(0) != 0 {
		return broken()
	}
	body := result.word(4)
	result = new(area)
	incomingBodyStream(body, result.at())
	if result.byte(0) != 0 {
		incomingBodyDrop(body)
		return broken()
	}
	return response, &incomingBody{response: incoming, body: body, stream: result.word(4)}, nil
}

// incomingBody reads the body of a response.
type incomingBody struct {
	response, body, stream uint32
	rest                   []byte
	end                    error
}

func (b *incomingBody) Read(into []byte) (int, error) {
	if len(b.rest) == 0 && b.end == nil {
		b.rest, b.end = b.next()
	}
	if len(b.rest) == 0 && b.end != nil {
		return 0, b.end
	}
	count := copy(into, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

func (b *incomingBody) next() ([]byte, error) {
	result := new(area)
	inputStreamRead(b.stream, readBytes, result.at())
	if result.byte(0) == 0 {
		return result.bytes(4), nil
	}
	end := io.EOF
	if result.byte(4) == 0 {
		cause, text := result.word(8), new(area)
		errorToDebugString(cause, text.at())
		end = errors.New(text.text(0))
		errorDrop(cause)
	}
	// Each must be dropped before what it came from.
	inputStreamDrop(b.stream)
	incomingBodyDrop(b.body)
	responseDrop(b.response)
	return nil, end
}
