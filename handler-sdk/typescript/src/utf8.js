// UTF-8, for an engine without TextEncoder and TextDecoder.

/** @param {string} text */
export function encode(text) {
  if (typeof TextEncoder !== "undefined") return new TextEncoder().encode(text);
  // Bytes as letters, made by the engine. Half of a character becomes U+FFFD, as elsewhere.
  const letters = unescape(encodeURIComponent(text.toWellFormed()));
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index += 1) bytes[index] = letters.charCodeAt(index);
  return bytes;
}

/** Invalid bytes become U+FFFD. @param {Uint8Array} bytes @returns {string} */
export function decode(bytes) {
  if (typeof TextDecoder !== "undefined") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const parts = [];
  for (let start = 0; start < bytes.length; start += 8192) {
    parts.push(String.fromCharCode.apply(null, /** @type {any} */ (bytes.subarray(start, start + 8192))));
  }
  const letters = parts.join("");
  if (!/[\x80-\xff]/.test(letters)) return letters;
  try {
    return decodeURIComponent(escape(letters));
  } catch {
    return lossy(bytes);
  }
}

/** @param {Uint8Array} bytes */
function lossy(bytes) {
  let text = "";
  for (let index = 0; index < bytes.length; ) {
    const first = bytes[index];
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let point;
    try {
      const letters = String.fromCharCode(...bytes.subarray(index, index + length));
      point = decodeURIComponent(escape(letters));
    } catch {
      point = undefined;
    }
    text += point ?? "\ufffd";
    index += point === undefined ? 1 : length;
  }
  return text;
}
