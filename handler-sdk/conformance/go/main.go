// The handlers of the conformance suite, in Go. `../README.md` says what each does.
package main

func main() {}
