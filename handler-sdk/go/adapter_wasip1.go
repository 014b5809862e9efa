package tasker

// adapterMemory is memory for the adapter of WASI preview 1. Go takes all memory after its own for its heap, so it must be here.
// `tasker build` finds it by its beginning, and gives the adapter an export that hands it out.
var adapterMemory = [256 << 10]byte{
	't', 'a', 's', 'k', 'e', 'r', '-', 'h', 'a', 'n', 'd', 'l', 'e', 'r', ':', ' ',
	'm', 'e', 'm', 'o', 'r', 'y', ' ', 'o', 'f', ' ', 't', 'h', 'e', ' ',
	'a', 'd', 'a', 'p', 't', 'e', 'r', ' ', 'o', 'f', ' ',
	'p', 'r', 'e', 'v', 'i', 'e', 'w', ' ', '1',
}
