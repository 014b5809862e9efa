package tasker

// The canonical ABI of WebAssembly components: how values cross the border. Offsets below are those of the types in
// `handler-sdk/wit`, in bytes; pointers there have 32 bits.

import (
	"runtime"
	"strings"
	"unsafe"
)

// held keeps what the host has written, until it is taken.
var held = map[uint32][]uint64{}

// nothing is where empty values are. The reference to the adapter's memory keeps it in the program.
var nothing = &adapterMemory

// realloc gives the host memory for what it writes. It never moves anything: the host does not ask for that with UTF-8.
//
//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	if size == 0 {
		return unsafe.Pointer(nothing)
	}
	words := make([]uint64, (uint64(size)+7)/8)
	place := unsafe.Pointer(unsafe.SliceData(words))
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(place), size), unsafe.Slice((*byte)(old), oldSize))
		delete(held, address(old))
	}
	held[address(place)] = words
	return place
}

func address(place unsafe.Pointer) uint32 { return uint32(uintptr(place)) }

// take returns what the host has written at a place. From then on, the garbage collector frees it.
func take(place, size uint32) []byte {
	words, ok := held[place]
	if !ok || size == 0 {
		return []byte{}
	}
	delete(held, place)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
}

func takeText(place, size uint32) string {
	bytes := take(place, size)
	return unsafe.String(unsafe.SliceData(bytes), len(bytes))
}

// area is where the host writes a result that has several parts.
type area [8]uint64

func (a *area) at() unsafe.Pointer { return unsafe.Pointer(a) }

func (a *area) byte(offset uintptr) uint8  { return *(*uint8)(unsafe.Add(a.at(), offset)) }
func (a *area) word(offset uintptr) uint32 { return *(*uint32)(unsafe.Add(a.at(), offset)) }
func (a *area) long(offset uintptr) uint64 { return *(*uint64)(unsafe.Add(a.at(), offset)) }

// text takes a text whose place and size are at an offset.
func (a *area) text(offset uintptr) string  { return takeText(a.word(offset), a.word(offset+4)) }
func (a *area) bytes(offset uintptr) []byte { return take(a.word(offset), a.word(offset+4)) }

// list takes a list of elements of so many words of 32 bits each.
func (a *area) list(offset uintptr, words int) [][]uint32 {
	place, count := a.word(offset), a.word(offset+4)
	return elements(place, count, words)
}

func elements(place, count uint32, words int) [][]uint32 {
	list := make([][]uint32, count)
	all := take(place, count*uint32(words)*4)
	for index := range list {
		start := unsafe.Add(unsafe.Pointer(unsafe.SliceData(all)), index*words*4)
		list[index] = unsafe.Slice((*uint32)(start), words)
	}
	return list
}

// kept are values that the host reads after the return of an export.
var kept []any

// lowered is a list for the host, and what it refers to.
type lowered struct {
	words   []uint32
	strings []string
}

// text adds the place and the size of a text.
func (l *lowered) text(text string) { l.add(valid(text)) }

// bytes adds the place and the size of bytes.
func (l *lowered) bytes(bytes []byte) { l.add(asText(bytes)) }

func (l *lowered) add(text string) {
	l.strings = append(l.strings, text)
	l.words = append(l.words, address(unsafe.Pointer(unsafe.StringData(text))), uint32(len(text)))
}

// optional adds a text that may be missing.
func (l *lowered) optional(text string, has bool) {
	if !has {
		l.words = append(l.words, 0, 0, 0)
		return
	}
	l.words = append(l.words, 1)
	l.text(text)
}

func (l *lowered) at() unsafe.Pointer {
	if len(l.words) == 0 {
		return unsafe.Pointer(nothing)
	}
	return unsafe.Pointer(unsafe.SliceData(l.words))
}

// keep ends the time in which the host may read the list.
func (l *lowered) keep() { runtime.KeepAlive(l) }

func texts(list []string) *lowered {
	made := &lowered{}
	for _, text := range list {
		made.text(text)
	}
	return made
}

// valid is a text in UTF-8, as the host must get it: any other would end the execution, or make its failure a permanent one. A text
// of Go may have any bytes.
func valid(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// asText lends bytes as a text, for imports that take any bytes.
func asText(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }

func option(has bool) uint32 {
	if has {
		return 1
	}
	return 0
}
