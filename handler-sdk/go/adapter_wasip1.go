package tasker

// adapterKiB is the size of the adapter's memory, of three digits.
const adapterKiB = 256

// adapterMemory is memory for the adapter of WASI preview 1. Go takes all memory after its own for its heap, so it must be here.
// `tasker build` finds it by its beginning, which says its size, and gives the adapter an export that hands it out. The version
// changes with whatever `tasker build` must know of this package.
var adapterMemory = [adapterKiB << 10]byte{
	't', 'a', 's', 'k', 'e', 'r', '-', 'h', 'a', 'n', 'd', 'l', 'e', 'r', ':', ' ',
	'm', 'e', 'm', 'o', 'r', 'y', ' ', 'o', 'f', ' ', 't', 'h', 'e', ' ',
	'a', 'd', 'a', 'p', 't', 'e', 'r', ' ', 'o', 'f', ' ',
	'p', 'r', 'e', 'v', 'i', 'e', 'w', ' ', '1', ',', ' ',
	'v', 'e', 'r', 's', 'i', 'o', 'n', ' ', '1', ',', ' ', 'K', 'i', 'B', ':', ' ',
	'0' + adapterKiB/100, '0' + adapterKiB/10%10, '0' + adapterKiB%10,
}
